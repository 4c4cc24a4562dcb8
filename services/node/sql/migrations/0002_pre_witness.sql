-- Checkpoints of all logs, who cosigned them, and what contradicts what we hold.

-- The root of each log at every size that we have held: what others say of a log is compared with it.
create table log.root (
    log text not null,
    size bigint not null,
    root bytea not null,
    primary key (log, size)
);

-- What the author of a record said it had seen, where our own copy says otherwise.
create table log.dispute (
    log text not null,
    size bigint not null,
    root bytea not null,
    by_log text not null,
    by_seq bigint not null,
    found_at timestamptz not null default clock_timestamp(),
    primary key (by_log, by_seq, log)
);
alter table log.seen add column root bytea;     -- null in what we have said ourselves

-- What a log's checkpoint key has signed. `agrees` says whether our own copy has that root at that size.
create table log.checkpoint (
    log text not null,
    size bigint not null,
    root bytea not null,
    line bytea not null,            -- the signature line of the log's own key
    agrees boolean,                 -- null until we hold that much of the log
    received_at timestamptz not null default clock_timestamp(),
    primary key (log, size, root)
);
create index checkpoint_open on log.checkpoint (log, size) where agrees is null;
create index checkpoint_false on log.checkpoint (log, size) where not agrees;

-- Which agency has cosigned which checkpoint, and when by its clock.
create table log.cosignature (
    log text not null,
    size bigint not null,
    root bytea not null,
    agency text not null,
    at bigint not null,             -- seconds since 1970
    line bytea not null,
    primary key (log, agency, size, root),
    foreign key (log, size, root) references log.checkpoint
);

-- Proofs that a log has two histories, as they travel. Never deleted.
create table log.evidence (
    digest bytea primary key,
    log text not null,
    size bigint not null,           -- from this record on the histories differ
    proof bytea not null,
    found_at timestamptz not null default clock_timestamp()
);
create index evidence_log on log.evidence (log, size);
create trigger evidence_immutable before update or delete or truncate on log.evidence
    for each statement execute function log.refuse_change();

-- The RFC 9162 root over a tree's peaks, largest subtree first.
create function log.root_of(p_peaks bytea) returns bytea language plpgsql immutable strict as $$
declare
    root bytea := substring(p_peaks from octet_length(p_peaks) - 31);
begin
    for peak in reverse octet_length(p_peaks) / 32 - 2 .. 0 loop
        root := sha256('\x01'::bytea || substring(p_peaks from peak * 32 + 1 for 32) || root);
    end loop;
    return root;
end $$;

-- Our own log grows record by record, through log.append; the mirrors grow in batches, whose roots the node writes.
create function log.note_own_root() returns trigger
language plpgsql security definer set search_path = log, pg_temp as $$
begin
    insert into log.root (log, size, root) values (new.log, new.size, log.root_of(new.peaks)) on conflict do nothing;
    return null;
end $$;
create trigger own_root after update of size on log.head
    for each row when (new.own and new.size > old.size) execute function log.note_own_root();

-- As before, but whoever was restored from a backup writes nothing until it has its own tail again. Only what our own
-- keys have signed shows that there is more of our log than we hold: nobody else can stop us by saying so.
create or replace function log.lock_own() returns setof log.head
language plpgsql security definer set search_path = log, pg_temp as $$
declare
    own log.head;
begin
    select * into strict own from log.head h where h.own for update;
    if exists (select from log.checkpoint c where c.log = own.log and c.size > own.size)
        or exists (select from log.fork f where f.log = own.log and f.seq >= own.size) then
        raise exception 'others hold more of this log than this database' using errcode = 'RJ001';
    end if;
    return query select * from log.head;
end $$;

revoke all on all functions in schema log from public;
grant select on log.root, log.dispute, log.checkpoint, log.cosignature, log.evidence
    to rajut_node, rajut_intake, rajut_triage, rajut_protection, rajut_notify;
grant insert on log.root, log.dispute, log.checkpoint, log.cosignature, log.evidence to rajut_node;
grant update (agrees) on log.checkpoint to rajut_node;
