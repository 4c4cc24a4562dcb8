-- What a key has signed that was revoked since, and what accused an agency by nothing else. The rows stay where they
-- are; whoever judges by them looks at the sound ones. A revocation is never taken back, so nothing leaves this table.
create table log.void (
    digest bytea primary key,       -- a record's id, a proof's digest, or the SHA-256 of a signature line
    found_at timestamptz not null default clock_timestamp()
);

create view log.sound_fork as
    select * from log.fork f where not exists (select from log.void v where v.digest = f.id);
create view log.sound_evidence as
    select * from log.evidence e where not exists (select from log.void v where v.digest = e.digest);
create view log.sound_checkpoint as
    select * from log.checkpoint c where not exists (select from log.void v where v.digest = sha256(c.line));
create view log.sound_cosignature as
    select * from log.cosignature s where not exists (select from log.void v where v.digest = sha256(s.line));

-- As before, but nobody stops us with a key that was stolen from us, once it is revoked.
create or replace function log.lock_own() returns setof log.head
language plpgsql security definer set search_path = log, pg_temp as $$
declare
    own log.head;
begin
    select * into strict own from log.head h where h.own for update;
    if exists (select from log.sound_checkpoint c where c.log = own.log and c.size > own.size)
        or exists (select from log.sound_fork f where f.log = own.log and f.seq >= own.size) then
        raise exception 'others hold more of this log than this database' using errcode = 'RJ001';
    end if;
    return query select * from log.head;
end $$;

-- One log is written here: that of a later epoch takes the place of the one before.
create unique index head_own on log.head (own) where own;

grant select on log.void, log.sound_fork, log.sound_evidence, log.sound_checkpoint, log.sound_cosignature
    to rajut_node, rajut_intake, rajut_triage, rajut_protection, rajut_notify;
grant insert on log.void to rajut_node;
grant update (line) on log.checkpoint to rajut_node;
grant update (at, line) on log.cosignature to rajut_node;
