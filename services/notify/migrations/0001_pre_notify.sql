-- Whom this agency has told about what, until when they may answer, and the mail that must still leave.

create schema notify;
grant usage on schema notify to rajut_notify;
create table notify.inbox (
    event_id bytea primary key,
    handled_at timestamptz not null default clock_timestamp()
);
create table notify.parked (
    event_id bytea primary key,
    type text not null,
    reason text not null,
    attempts int not null,
    parked_at timestamptz not null default clock_timestamp()
);
grant select, insert on notify.inbox to rajut_notify;
grant select, insert, update, delete on notify.parked to rajut_notify;

-- One row per notice that this agency sent; `id` is the event that says so.
create table notify.notice (
    id bytea primary key,
    about bytea not null,
    case_id text not null,
    step int not null,
    role text not null,
    level text not null,
    respond_by timestamptz not null,
    acknowledged_at timestamptz,
    acknowledged_by text,           -- officer pseudonym
    escalated_at timestamptz,
    unique (about, step)
);
create index notice_open on notify.notice (respond_by) where acknowledged_at is null;

-- The outbox of mail: committed with the notice, so a crash before SMTP loses nothing. Addresses are looked up on sending.
create table notify.mail (
    notice bytea not null references notify.notice (id),
    officer text not null,          -- pseudonym
    attempts int not null default 0,
    next_at timestamptz not null,
    sent_at timestamptz,
    primary key (notice, officer)
);
create index mail_waiting on notify.mail (next_at) where sent_at is null;

grant select, insert, update on notify.notice, notify.mail to rajut_notify;
