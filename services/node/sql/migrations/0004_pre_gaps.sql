-- What is missing, of every kind, and from when to when. Rows are opened and closed, never deleted.
--
-- SEQUENCE  records of a log, between what we hold and what we know to be there.
-- PARENT    an event that another one names as its parent: `id` is the missing one's, the place is the other's.
-- SILENCE   the next record of a log: for longer than two heartbeats nothing new has come from it.
-- CONTENT   content for us, of a record that we hold: these are in log.unreadable, with the time to ask again.
alter table log.gap
    drop constraint gap_pkey,
    add column kind text not null default 'SEQUENCE' check (kind in ('SEQUENCE', 'PARENT', 'SILENCE')),
    add column id bytea not null default '',
    add primary key (kind, log, from_seq, id, opened_at);
alter table log.gap alter column kind drop default;
drop index log.gap_open;
create unique index gap_open on log.gap (kind, log, id) where closed_at is null;
create index gap_log on log.gap (log, opened_at);
create index unreadable_log on log.unreadable (log, since);

create function log.refuse_deletion() returns trigger language plpgsql as $$
begin
    raise exception 'what was missing stays on record' using errcode = 'integrity_constraint_violation';
end $$;
create trigger gap_kept before delete or truncate on log.gap for each statement execute function log.refuse_deletion();

create view log.missing as
    select kind, log, from_seq, to_seq, id, opened_at, closed_at from log.gap
    union all
    select 'CONTENT', log, seq, seq, id, since, found_at from log.unreadable;

revoke all on all functions in schema log from public;
revoke update on log.gap from rajut_node;
grant update (to_seq, closed_at) on log.gap to rajut_node;
grant select on log.missing to rajut_node, rajut_intake, rajut_triage, rajut_protection, rajut_notify;
