-- Intake: which submissions were answered, and the blinded index in which possible duplicates are found.
-- No name, number or address is stored here: keys are HMAC-SHA256 under a secret of the node.

create schema intake;
grant usage on schema intake to rajut_intake;
create table intake.inbox (event_id bytea primary key, handled_at timestamptz not null default clock_timestamp());
create table intake.parked (event_id bytea primary key, type text not null, reason text not null, attempts int not null, parked_at timestamptz not null default clock_timestamp());
grant select, insert on intake.inbox to rajut_intake;
grant select, insert, update, delete on intake.parked to rajut_intake;

-- What was answered to a submission with an idempotency key, so that the same answer can be given again.
create table intake.submission (
    key bytea primary key,          -- blinded
    body bytea not null,            -- blinded digest of the report's bytes
    case_id text not null,
    events bytea[] not null,        -- the first one is the report
    received_at timestamptz not null default clock_timestamp()
);
grant select, insert on intake.submission to rajut_intake;

-- By which blinded facts a case's person can be found again.
create table intake.person_key (
    key bytea not null,
    case_id text not null,
    kind text not null check (kind in ('person', 'contact')),
    primary key (key, case_id)
);
grant select, insert on intake.person_key to rajut_intake;

-- Pairs of cases that were offered to officers as possible duplicates, each once.
create table intake.duplicate (
    case_id text not null,
    other_case_id text not null,
    basis text[] not null,
    suggested_at timestamptz not null default clock_timestamp(),
    primary key (case_id, other_case_id),
    check (case_id < other_case_id)
);
create index duplicate_other on intake.duplicate (other_case_id);
grant select, insert on intake.duplicate to rajut_intake;
