-- Protection keeps no state but the case itself; these are the tables that the node's bus needs.

create schema protection;
grant usage on schema protection to rajut_protection;
create table protection.inbox (
    event_id bytea primary key,
    handled_at timestamptz not null default clock_timestamp()
);
create table protection.parked (
    event_id bytea primary key,
    type text not null,
    reason text not null,
    attempts int not null,
    parked_at timestamptz not null default clock_timestamp()
);
grant select, insert on protection.inbox to rajut_protection;
grant select, insert, update, delete on protection.parked to rajut_protection;
