-- What officers said under a key of their own, so that a request that comes again is done once.

create table intake.act (
    officer text not null,
    key text not null,
    events bytea[] not null,
    at timestamptz not null default clock_timestamp(),
    primary key (officer, key)
);
grant select, insert on intake.act to rajut_intake;
