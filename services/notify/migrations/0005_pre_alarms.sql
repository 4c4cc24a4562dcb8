-- Who is told by mail that a log has two histories: once for each log, however many proofs of it there are.

create table notify.alarm (
    log text not null,
    officer text not null,          -- pseudonym
    attempts int not null default 0,
    next_at timestamptz not null,
    sent_at timestamptz,
    primary key (log, officer)
);
create index alarm_waiting on notify.alarm (next_at) where sent_at is null;
grant select, insert, update on notify.alarm to rajut_notify;
