-- The log of this agency, its mirrors of the other agencies' logs, and what became readable of them.
--
-- Services never touch these tables directly: they append through log.append, which lets a service write
-- events of its own family only, in order, and nothing else. Nobody but the owner may change or delete a
-- record; a trigger refuses it even to the owner's sessions that forget themselves.

create schema log;
grant usage on schema log to rajut_node, rajut_intake, rajut_triage, rajut_protection, rajut_notify;

-- How far each log is held without a hole, and the Merkle peaks over that part.
create table log.head (
    log text primary key,
    own boolean not null,
    size bigint not null,
    last bytea not null,
    hlc text not null,
    peaks bytea not null,           -- 32 bytes a peak, largest subtree first
    highest bigint not null         -- 1 + the highest sequence number held
);

create table log.record (
    log text not null,
    seq bigint not null,
    id bytea not null unique,
    jws bytea not null,
    received_at timestamptz not null default clock_timestamp(),
    primary key (log, seq)
);

-- Records that contradict what we hold. Evidence: never deleted.
create table log.fork (
    log text not null,
    seq bigint not null,
    id bytea not null,
    jws bytea not null,
    found_at timestamptz not null default clock_timestamp(),
    primary key (log, seq, id)
);

-- Events that we may read. The body stays sealed in log.content; here is only what ordering needs.
create table log.event (
    id bytea primary key,
    log text not null,
    seq bigint not null,
    case_id text,
    type text not null,
    hlc text not null,
    parents bytea not null,         -- 32 bytes a parent
    audience text[] not null,
    state text not null check (state in ('applied', 'waiting', 'refused')),
    admitted_at timestamptz not null default clock_timestamp()
);
create index event_case on log.event (case_id) where case_id is not null;
create index event_admitted on log.event (admitted_at);

-- Sealed content and the key that opens it, itself encrypted under the node's storage key. Erasable.
create table log.content (
    id bytea primary key,
    blob bytea not null,
    key bytea not null
);

-- Why a waiting event waits: a parent that we do not hold yet, or (parent empty) a clock too far ahead.
create table log.waiting (
    id bytea not null references log.event (id),
    parent bytea not null,
    until timestamptz,
    primary key (id, parent)
);
create index waiting_parent on log.waiting (parent);

-- Content addressed to us that we could not open or never got.
create table log.unreadable (
    id bytea primary key,
    log text not null,
    seq bigint not null,
    since timestamptz not null default clock_timestamp(),
    tries int not null default 0,
    next_try timestamptz not null default clock_timestamp(),
    found_at timestamptz
);
create index unreadable_open on log.unreadable (log, seq) where found_at is null;

create table log.gap (
    log text not null,
    from_seq bigint not null,
    to_seq bigint not null,
    opened_at timestamptz not null default clock_timestamp(),
    closed_at timestamptz,
    primary key (log, from_seq, opened_at)
);
create unique index gap_open on log.gap (log) where closed_at is null;

-- What we refuse to act on, with its bytes where the record itself is bad.
create table log.quarantine (
    digest bytea primary key,
    source text not null,
    log text not null,
    seq bigint not null,
    code text not null,
    bytes bytea not null,
    received_at timestamptz not null default clock_timestamp(),
    answered_at timestamptz
);

create index quarantine_source on log.quarantine (source, received_at);

-- One row, locked by whoever admits: only the node's role can.
create table log.admission (only_row boolean primary key default true check (only_row));
insert into log.admission default values;

-- Pointers that the local bus must still be told.
create table log.pointer (
    position bigint generated always as identity primary key,
    id bytea not null,
    type text not null,
    case_id text
);

-- The first record of each other log that had verified a log up to a size: the upper end of its dating.
create table log.seen (
    log text not null,
    by_log text not null,
    size bigint not null,
    by_seq bigint not null,
    hlc text not null,
    primary key (log, by_log, size)
);

-- The reader's position in each partner's stream.
create table log.link (
    partner text primary key,
    stream_created text not null,
    stream_seq bigint not null
);

create function log.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'a record is never changed or deleted' using errcode = 'integrity_constraint_violation';
end $$;
create trigger record_immutable before update or delete or truncate on log.record
    for each statement execute function log.refuse_change();
create trigger fork_immutable before update or delete or truncate on log.fork
    for each statement execute function log.refuse_change();

-- Take the sequencer lock of the own log; the mirrors' heads come along for the record's `seen`.
create function log.lock_own() returns setof log.head
language plpgsql security definer set search_path = log, pg_temp as $$
begin
    perform 1 from log.head where own for update;
    return query select * from log.head;
end $$;

-- One part of a JWS, decoded. Base64url to what PostgreSQL reads.
create function log.jws_part(p_jws bytea, p_part int) returns jsonb language sql immutable strict as $$
    select convert_from(decode(rpad(text, (length(text) + 3) / 4 * 4, '='), 'base64'), 'UTF8')::jsonb
    from translate(split_part(convert_from(p_jws, 'UTF8'), '.', p_part), '-_', '+/') as text
$$;

-- Append one record to the own log. The caller's role decides which family of events it may write, and with which
-- key. What a wrong record would break for others is checked as far as a database can: not the signature, nor the claims.
create function log.append(
    p_seq bigint, p_prev bytea, p_id bytea, p_jws bytea, p_hlc text, p_peaks bytea, p_seen_logs text[],
    p_seen_sizes bigint[], p_type text, p_case text, p_parents bytea, p_audience text[], p_blob bytea, p_key bytea
) returns void language plpgsql security definer set search_path = log, pg_temp as $$
declare
    own log.head;
    family text := replace(session_user, 'rajut_', '');
    signed jsonb := log.jws_part(p_jws, 2);
    claimed_ms bigint := split_part(p_hlc, '.', 1)::bigint;
begin
    select * into strict own from log.head h where h.own for update;
    if own.size <> p_seq or own.last <> p_prev then
        raise exception 'not the next record' using errcode = 'serialization_failure';
    end if;
    if coalesce(split_part(p_type, '.', 2), 'node') <> family then
        raise exception 'a service appends events of its own family only' using errcode = 'insufficient_privilege';
    end if;
    if (signed ->> 'log', (signed ->> 'seq')::bigint, signed ->> 'hlc', signed -> 'to', signed ->> 'prev')
        is distinct from (own.log, p_seq, p_hlc, to_jsonb(p_audience),
                          translate(rtrim(encode(p_prev, 'base64'), '='), '+/', '-_'))
        or p_id <> sha256('rajut/id/v1'::bytea || '\x00'::bytea || substring(p_jws for octet_length(p_jws) - 87))
        or log.jws_part(p_jws, 1) ->> 'kid' not like split_part(own.log, '/', 2) || '.' || family || '.%'
        or p_hlc !~ '^[0-9]{13}[.][0-9]{4}$' or p_hlc <= own.hlc
        or claimed_ms > extract(epoch from clock_timestamp()) * 1000 + 300000 then
        raise exception 'the record is not what it is filed as' using errcode = 'check_violation';
    end if;
    insert into log.record (log, seq, id, jws) values (own.log, p_seq, p_id, p_jws);
    update log.head h set size = p_seq + 1, last = p_id, hlc = p_hlc, peaks = p_peaks, highest = p_seq + 1 where h.log = own.log;
    insert into log.seen (log, by_log, size, by_seq, hlc)
        select heard.log, own.log, heard.size, p_seq, p_hlc from unnest(p_seen_logs, p_seen_sizes) as heard (log, size)
        on conflict do nothing;
    if p_type is not null then
        insert into log.event (id, log, seq, case_id, type, hlc, parents, audience, state)
            values (p_id, own.log, p_seq, p_case, p_type, p_hlc, p_parents, p_audience, 'applied');
        insert into log.content (id, blob, key) values (p_id, p_blob, p_key);
        insert into log.pointer (id, type, case_id) values (p_id, p_type, p_case);
    end if;
    perform pg_notify('log_appended', '');
end $$;

revoke all on all functions in schema log from public;
grant execute on function log.lock_own(), log.append to rajut_node, rajut_intake, rajut_triage, rajut_protection, rajut_notify;

-- Every service reads the log; the node admits other agencies' records into it.
grant select on log.record, log.event, log.content, log.seen, log.gap, log.head, log.waiting, log.unreadable
    to rajut_node, rajut_intake, rajut_triage, rajut_protection, rajut_notify;
grant select, insert on log.fork, log.quarantine, log.pointer, log.link to rajut_node;
grant select on log.fork, log.quarantine to rajut_intake, rajut_triage, rajut_protection, rajut_notify;
grant insert on log.record, log.event, log.content, log.waiting, log.unreadable, log.gap, log.seen, log.head to rajut_node;
grant update on log.head, log.link, log.gap, log.unreadable to rajut_node;
grant select, update on log.admission to rajut_node;
grant update (state, admitted_at) on log.event to rajut_node;
grant update (answered_at) on log.quarantine to rajut_node;
grant delete on log.pointer, log.waiting to rajut_node;
