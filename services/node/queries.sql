-- name: own_and_mirrors
-- Lock the own log's head for appending, and see how far the mirrors are.
select log, own, size, last, hlc, peaks, highest from log.lock_own();

-- name: append
-- Append one record to the own log.
select log.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14);

-- name: lock_case
-- One writer at a time in a case, on this node.
select pg_advisory_xact_lock(hashtextextended($1, 1));

-- name: timeline
-- The events of a case, still sealed; of erased ones what is left.
select e.id, e.log, e.seq, e.type, e.case_id, e.parents, c.blob, c.key, r.jws, x.executed as erased
from log.event e join log.record r using (id) left join log.content c using (id) left join log.erased x using (id)
where e.case_id = $1 and e.state = 'applied'
order by e.log, e.seq;

-- name: event
-- One applied event, still sealed; of an erased one what is left.
select e.id, e.log, e.seq, e.type, e.case_id, e.parents, c.blob, c.key, r.jws, x.executed as erased
from log.event e join log.record r using (id) left join log.content c using (id) left join log.erased x using (id)
where e.id = $1 and e.state = 'applied';

-- name: adopted_mechanisms
-- The versions of the mechanism that somebody has adopted, still sealed, but for those that we know.
select e.id, e.log, e.seq, e.type, e.case_id, e.parents, c.blob, c.key, r.jws, null as erased
from log.event e join log.record r using (id) join log.content c using (id)
where e.type = 'rajut.node.mechanism.adopted.v1' and e.state = 'applied' and e.id <> all($1::bytea[]);

-- name: cases
-- Cases that this node may read, the most recently moved first.
select case_id, count(*) as events, max(hlc) as last from log.event
where case_id is not null and state = 'applied'
group by case_id order by last desc limit $1;

-- name: own_last
-- The last record of our own log.
select r.jws from log.head h join log.record r on r.id = h.last where h.own;

-- name: own_head
-- How far our own log goes.
select log, size from log.head where own;

-- name: is_behind
-- Whether our own keys have signed more of our log than we hold (as log.lock_own).
select exists (select from log.head h join log.sound_checkpoint c using (log) where h.own and c.size > h.size)
    or exists (select from log.head h join log.sound_fork f using (log) where h.own and f.seq >= h.size);

-- name: count_unreadable
-- How many records of a log, from a place on, were for us and have no content here.
select count(*) from log.unreadable where log = $1 and seq >= $2 and found_at is null;

-- name: signed_from
-- The records of a log from a place on, with the type of the event if we may read it.
select r.seq, r.jws, e.type from log.record r left join log.event e using (id)
where r.log = $1 and r.seq >= $2 order by r.seq;

-- name: has_ended
-- Whether we wrote this log once, and go on in one of a later epoch.
select exists (select from log.head where log = $1 and not own);

-- name: end_epochs
-- Our earlier logs are written no more.
update log.head set own = false where own and log <> $1;

-- name: add_head
-- Start following a log.
insert into log.head (log, own, size, last, hlc, peaks, highest)
values ($1, $2, 0, $3, '0000000000000.0000', '', 0) on conflict do nothing;

-- name: head
-- How far a log is held, and the last record of that part.
select h.log, h.size, h.last, h.hlc, h.peaks, h.highest, r.jws
from log.head h left join log.record r on r.log = h.log and r.seq = h.size - 1 where h.log = $1;

-- name: heads
-- How far every log is held.
select log, own, size, last, hlc, peaks, highest from log.head order by log;

-- name: lock_admission
-- One admission at a time on this node: an event may wait for one that the other link is just admitting.
select 1 from log.admission for update;

-- name: held_at
-- The records held at these places of a log, and whether their content is held too.
select r.seq, r.id, e.id is not null as readable
from log.record r left join log.event e using (id)
where r.log = $1 and r.seq = any($2::bigint[]);

-- name: parents
-- What is known of events that others name as parents.
select id, state, coalesce(case_id, '') as case_id, audience from log.event where id = any($1::bytea[]);

-- name: ahead
-- Records held beyond the first hole of a log.
select seq, jws from log.record where log = $1 and seq >= $2 order by seq limit 1024;

-- name: add_records
-- Store records of a log.
insert into log.record (log, seq, id, jws)
select $1, seq, id, jws from unnest($2::bigint[], $3::bytea[], $4::bytea[]) as new (seq, id, jws);

-- name: add_contents
-- Store sealed content.
insert into log.content (id, blob, key)
select id, blob, key from unnest($1::bytea[], $2::bytea[], $3::bytea[]) as new (id, blob, key)
on conflict do nothing;

-- name: add_events
-- Store readable events.
insert into log.event (id, log, seq, case_id, type, hlc, parents, audience, state)
select id, $1, seq, nullif(case_id, ''), type, hlc, parents, string_to_array(audience, ' '), state
from unnest($2::bytea[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::bytea[], $8::text[], $9::text[])
    as new (id, seq, case_id, type, hlc, parents, audience, state);

-- name: add_pointers
-- Tell the local bus about applied events that are not erased.
insert into log.pointer (id, type, case_id)
select id, type, case_id from log.event where id = any($1::bytea[]) and type <> '' order by hlc, id;

-- name: add_waiting
-- Note what an event waits for.
insert into log.waiting (id, parent, until)
select id, parent, until from unnest($1::bytea[], $2::bytea[], $3::timestamptz[]) as new (id, parent, until)
on conflict do nothing;

-- name: settle_parents
-- Nothing waits any longer for these parents.
delete from log.waiting where parent = any($1::bytea[]) returning id;

-- name: settle_clocks
-- Events whose time has come.
delete from log.waiting where until <= $1 returning id;

-- name: freed
-- Of these events, the ones that still waited, and whether they wait for nothing any more.
select e.id, e.log, e.seq, coalesce(e.case_id, '') as case_id, e.parents, e.audience,
    not exists (select from log.waiting w where w.id = e.id) as free
from log.event e where e.id = any($1::bytea[]) and e.state = 'waiting';

-- name: wait_no_more
-- Events that were refused wait for nothing.
delete from log.waiting where id = any($1::bytea[]);

-- name: set_state
-- What became of events that waited.
update log.event set state = $2, admitted_at = clock_timestamp() where id = any($1::bytea[]);

-- name: add_seen
-- Note what records of a log had verified of the other logs, and where our copy of those has another root.
with heard as (
    select log, size, by_seq, hlc, root
    from unnest($2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::bytea[]) as new (log, size, by_seq, hlc, root)),
noted as (
    insert into log.seen (log, by_log, size, by_seq, hlc, root) select log, $1, size, by_seq, hlc, root from heard
    on conflict do nothing)
insert into log.dispute (log, size, root, by_log, by_seq)
select heard.log, heard.size, heard.root, $1, heard.by_seq
from heard join log.root r using (log, size) where r.root <> heard.root on conflict do nothing;

-- name: add_roots
-- Note the roots of a log as it grows, and who had seen others at these sizes.
with grown as (select size, root from unnest($2::bigint[], $3::bytea[]) as new (size, root)),
noted as (insert into log.root (log, size, root) select $1, size, root from grown on conflict do nothing)
insert into log.dispute (log, size, root, by_log, by_seq)
select $1, s.size, s.root, s.by_log, s.by_seq
from grown cross join log.head witness join log.seen s on s.log = $1 and s.by_log = witness.log and s.size = grown.size
where s.root <> grown.root on conflict do nothing;

-- name: move_head
-- Write down how far a log is held now.
update log.head set size = $2, last = $3, hlc = $4, peaks = $5, highest = $6 where log = $1;

-- name: open_gap
-- Something is missing: the row tells the first and the last of it, as long as any of it is missing.
insert into log.gap (kind, log, from_seq, to_seq, id) values ($1, $2, $3, $4, $5)
on conflict (kind, log, id) where closed_at is null do update set to_seq = greatest(gap.to_seq, excluded.to_seq);

-- name: close_gap
-- The hole in a log is filled, if it is.
update log.gap g set closed_at = clock_timestamp() from log.head h
where g.kind = 'SEQUENCE' and g.log = $1 and g.closed_at is null and h.log = g.log and h.size > g.to_seq;

-- name: close_come
-- What nobody had given us has come, or is waited for no more; a log is not silent, or not followed any more.
update log.gap g set closed_at = clock_timestamp() where closed_at is null and case kind
    when 'SILENCE' then log <> all($1::text[]) or exists (select from log.head h where h.log = g.log and h.highest > g.from_seq)
    when 'PARENT' then not exists (
        select from log.waiting w join log.event e using (id) where w.parent = g.id and e.log = g.log)
    else false end;

-- name: next_records
-- The next record of every log that others write, and for how many seconds it is due by the database's clock.
select h.log, h.highest as seq, coalesce(extract(epoch from clock_timestamp() - r.received_at), 0)::float8 as due_s
from log.head h left join log.record r on r.log = h.log and r.seq = h.highest - 1 where h.log = any($1::text[]);

-- name: absent_parents
-- Events that others name as parents and that nobody has given us; for each log the first place that waits for them.
select w.parent as id, e.log, min(e.seq) as seq from log.waiting w join log.event e using (id)
where w.until is null and not exists (select from log.event p where p.id = w.parent)
group by w.parent, e.log order by e.log, seq limit 1000;

-- name: count_gaps
-- How much is missing now, by kind and log.
select kind, log, count(*) as missing from log.missing where closed_at is null group by kind, log;

-- name: missing_now
-- What is missing now, the newest first.
select kind, log, from_seq, to_seq from log.missing where closed_at is null order by opened_at desc limit 100;

-- name: gaps_of_case
-- What is or was missing of these logs since we have the first of these events; what is still missing first.
select kind, log, from_seq, to_seq, id, opened_at, closed_at from log.missing m
where log = any($3::text[])
    and coalesce(closed_at, 'infinity') >= (select min(received_at) from log.record where id = any($2::bytea[]))
    and (kind <> 'PARENT' or exists (select from log.event e where e.log = m.log and e.seq = m.from_seq and e.case_id = $1))
order by closed_at is not null, opened_at desc limit 100;

-- name: add_forks
-- Keep records that contradict ours.
insert into log.fork (log, seq, id, jws)
select $1, seq, id, jws from unnest($2::bigint[], $3::bytea[], $4::bytea[]) as new (seq, id, jws)
on conflict do nothing;

-- name: add_quarantine
-- Keep what we refuse to act on.
insert into log.quarantine (digest, source, log, seq, code, bytes, answered_at)
select digest, $1, log, seq, code, bytes, case when not answer then clock_timestamp() end
from unnest($2::bytea[], $3::text[], $4::bigint[], $5::text[], $6::bytea[], $7::boolean[])
    as new (digest, log, seq, code, bytes, answer)
limit greatest(0, $8 - (
    select count(*) from log.quarantine q where q.source = $1 and q.received_at > clock_timestamp() - interval '1 hour'))
on conflict do nothing;

-- name: add_unreadable
-- Content for us that is missing or does not open.
insert into log.unreadable (id, log, seq)
select id, $1, seq from unnest($2::bytea[], $3::bigint[]) as new (id, seq)
on conflict do nothing;

-- name: found_readable
-- Content that was missing has come.
update log.unreadable set found_at = clock_timestamp() where id = any($1::bytea[]) and found_at is null;

-- name: reread_links
-- Read every partner's stream from its start again.
update log.link set stream_seq = 0;

-- name: link
-- Where we are in a partner's stream.
select stream_created, stream_seq from log.link where partner = $1;

-- name: move_link
-- Note how far we are in a partner's stream, unless somebody has meanwhile sent us back to another place.
insert into log.link (partner, stream_created, stream_seq) values ($1, $2, $3)
on conflict (partner) do update set stream_created = excluded.stream_created, stream_seq = excluded.stream_seq
where (link.stream_created, link.stream_seq) = ($4, $5)
returning true;

-- name: outgoing
-- Records of a log from a place on, with sealed content where we hold it: as many as fit a budget of bytes, at least one.
select seq, id, jws, blob, key from (
    select r.seq, r.id, r.jws, c.blob, c.key, sum(octet_length(r.jws) + coalesce(octet_length(c.blob), 0) + 1200)
        over (order by r.seq) - octet_length(r.jws) - coalesce(octet_length(c.blob), 0) - 1200 as before
    from (select * from log.record where log = $1 and seq >= $2 and seq < $3 order by seq limit $4) r
    left join log.content c using (id)) as measured
where before < $5 order by seq;

-- name: open_gaps
-- Holes in the logs that others write: what is still missing of them.
select log, size as from_seq, highest - 1 as to_seq from log.head where highest > size and not own order by log;

-- name: unheard
-- Ends of others' logs that we lack: somebody else has seen them, or the log's own key has signed a checkpoint over them.
select h.log, h.size as from_seq, max(heard.size) - 1 as to_seq
from log.head h cross join log.head witness cross join lateral (
    (select s.size from log.seen s where s.log = h.log and s.by_log = witness.log order by s.size desc limit 1)
    union all
    (select c.size from log.sound_checkpoint c where c.log = h.log order by c.size desc limit 1)) heard
where split_part(h.log, '/', 2) <> (select split_part(own.log, '/', 2) from log.head own where own.own)
    and heard.size > h.size group by h.log, h.size;

-- name: seen_by
-- How much of a log another agency says that it holds.
select coalesce(max(size), 0) as size from log.seen where log = $1 and by_log = $2;

-- name: still_missing
-- Whether a place of a log, or the content at it, is still missing.
select exists (select from log.head where log = $1 and size <= $2)
    or exists (select from log.unreadable where log = $1 and seq = $2 and found_at is null);

-- name: open_unreadable
-- Content for us that is still missing and due to be asked for; the next time waits twice as long, at most an hour.
update log.unreadable
set tries = tries + 1, next_try = clock_timestamp() + least(interval '1 hour', interval '1 second' * 2 ^ least(tries, 12))
where id in (select id from log.unreadable where found_at is null and next_try <= clock_timestamp() limit 64)
returning log, seq;

-- name: take_pointers
-- The next pointers for the local bus.
delete from log.pointer where position in (
    select position from log.pointer order by position limit $1)
returning position, id, type, case_id;

-- name: unanswered
-- Refusals that we have not told their author yet, as many as may be said about its log within an hour. A refused
-- control record is not answered: no ping-pong.
with said as (
    select log, count(*) as answers from log.quarantine
    where answered_at > clock_timestamp() - interval '1 hour' group by log),
due as (
    select *, coalesce(answers, 0) + row_number() over (partition by log order by received_at, digest) as number
    from log.quarantine left join said using (log) where answered_at is null and log <> '')
select digest, log, seq, code from due where number <= $1 order by received_at limit 16;

-- name: answered
-- The author has been told.
update log.quarantine set answered_at = clock_timestamp() where digest = $1;

-- name: dated_before
-- For each of these events, and each log of another agency, that log's first record that had seen it.
select r.id, heard.by_log, heard.hlc
from log.record r cross join log.head witness cross join lateral (
    select s.by_log, s.hlc from log.seen s
    where s.log = r.log and s.by_log = witness.log and s.size > r.seq order by s.size limit 1) heard
where r.id = any($1::bytea[]) and split_part(witness.log, '/', 2) <> split_part(r.log, '/', 2);

-- name: size
-- How many records of a log are held without a hole.
select size from log.head where log = $1;

-- name: records_of
-- The exact bytes of the records of some events.
select id, jws from log.record where id = any($1::bytea[]);

-- name: erased_by
-- By which order each of these events was erased here.
select x.id, done.confirmed from log.erased x join log.erasure done using (executed) where x.id = any($1::bytea[]);

-- name: records_at
-- Records at given places of given logs.
select r.log, r.seq, r.jws from log.record r join unnest($1::text[], $2::bigint[]) as place (log, seq) using (log, seq);

-- name: count_waiting
-- How many events wait for something.
select count(*) from log.event where state = 'waiting';

-- name: ids_of_case
-- The events of a case, by name alone.
select id from log.event where case_id = $1 and state = 'applied';
