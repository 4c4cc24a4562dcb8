-- Triage: what this agency's officers have to do, derived from the cases' events.

create schema triage;
grant usage on schema triage to rajut_triage;
create table triage.inbox (event_id bytea primary key, handled_at timestamptz not null default clock_timestamp());
create table triage.parked (event_id bytea primary key, type text not null, reason text not null, attempts int not null, parked_at timestamptz not null default clock_timestamp());
grant select, insert on triage.inbox to rajut_triage;
grant select, insert, update, delete on triage.parked to rajut_triage;

create table triage.work_item (
    id bigint generated always as identity primary key,
    source bytea not null,              -- the event that asks for it
    kind text not null,
    subject text not null,              -- what exactly: a requirement, a kind of defender; empty if the kind says it all
    case_id text not null,
    due_at timestamptz not null,
    done_at timestamptz,
    done_by text,                       -- an officer's pseudonym, or the software where an event settled it
    unique (source, kind, subject),
    check ((done_at is null) = (done_by is null))
);
create index work_item_open on triage.work_item (due_at, id) where done_at is null;
grant select, insert on triage.work_item to rajut_triage;
grant update (due_at, done_at, done_by) on triage.work_item to rajut_triage;
