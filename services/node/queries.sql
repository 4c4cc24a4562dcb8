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
-- The readable events of a case, still sealed.
select e.id, e.log, e.seq, e.type, e.case_id, c.blob, c.key, r.jws
from log.event e join log.content c using (id) join log.record r using (id)
where e.case_id = $1 and e.state = 'applied'
order by e.log, e.seq;

-- name: event
-- One applied event, still sealed.
select e.id, e.log, e.seq, e.type, e.case_id, c.blob, c.key, r.jws
from log.event e join log.content c using (id) join log.record r using (id)
where e.id = $1 and e.state = 'applied';

-- name: cases
-- Cases that this node may read, the most recently moved first.
select case_id, count(*) as events, max(hlc) as last from log.event
where case_id is not null and state = 'applied'
group by case_id order by last desc limit $1;

-- name: add_head
-- Start following a log.
insert into log.head (log, own, size, last, hlc, peaks, highest)
values ($1, $2, 0, $3, '0000000000000.0000', '', 0) on conflict do nothing;

-- name: head
-- How far a log is held.
select log, size, last, hlc, peaks, highest from log.head where log = $1;

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
-- Tell the local bus about applied events.
insert into log.pointer (id, type, case_id)
select id, type, case_id from log.event where id = any($1::bytea[]) order by hlc, id;

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
-- Of these events, the ones that wait for nothing any more.
select e.id, e.log, e.seq, coalesce(e.case_id, '') as case_id, e.parents, e.audience from log.event e
where e.id = any($1::bytea[]) and e.state = 'waiting' and not exists (select from log.waiting w where w.id = e.id);

-- name: set_state
-- What became of events that waited.
update log.event set state = $2, admitted_at = clock_timestamp() where id = any($1::bytea[]);

-- name: add_seen
-- Note what records of a log had verified of the other logs.
insert into log.seen (log, by_log, size, by_seq, hlc)
select log, $1, size, by_seq, hlc
from unnest($2::text[], $3::bigint[], $4::bigint[], $5::text[]) as new (log, size, by_seq, hlc)
on conflict do nothing;

-- name: move_head
-- Write down how far a log is held now.
update log.head set size = $2, last = $3, hlc = $4, peaks = $5, highest = $6 where log = $1;

-- name: open_gap
-- A hole in a log was noticed.
insert into log.gap (log, from_seq, to_seq) values ($1, $2, $3)
on conflict (log) where closed_at is null do update set from_seq = excluded.from_seq, to_seq = excluded.to_seq;

-- name: close_gap
-- The hole in a log is filled.
update log.gap set closed_at = clock_timestamp() where log = $1 and closed_at is null;

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
where (select count(*) from log.quarantine q where q.source = $1 and q.received_at > clock_timestamp() - interval '1 hour')
    < $8
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
-- Note how far we are in a partner's stream.
insert into log.link (partner, stream_created, stream_seq) values ($1, $2, $3)
on conflict (partner) do update set stream_created = excluded.stream_created, stream_seq = excluded.stream_seq;

-- name: outgoing
-- Records of a log from a place on, with sealed content where we hold it: as many as fit a budget of bytes, at least one.
select seq, id, jws, blob, key from (
    select r.seq, r.id, r.jws, c.blob, c.key, sum(octet_length(r.jws) + coalesce(octet_length(c.blob), 0) + 1200)
        over (order by r.seq) - octet_length(r.jws) - coalesce(octet_length(c.blob), 0) - 1200 as before
    from (select * from log.record where log = $1 and seq >= $2 and seq < $3 order by seq limit $4) r
    left join log.content c using (id)) as measured
where before < $5 order by seq;

-- name: open_gaps
-- Holes that are still open.
select log, from_seq, to_seq from log.gap where closed_at is null order by log;

-- name: unheard
-- Ends of logs that somebody else has seen and we have not.
select h.log, h.size as from_seq, max(heard.size) - 1 as to_seq
from log.head h cross join log.head witness cross join lateral (
    select s.size from log.seen s where s.log = h.log and s.by_log = witness.log order by s.size desc limit 1) heard
where not h.own and heard.size > h.size group by h.log, h.size;

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
-- Refusals that we have not told their author yet. A refused control record is not answered: no ping-pong.
select digest, log, seq, code from log.quarantine q where answered_at is null and log <> '' and (
    select count(*) from log.quarantine a where a.source = q.source and a.answered_at > clock_timestamp() - interval '1 hour')
    < $1 order by received_at limit 16;

-- name: answered
-- The author has been told.
update log.quarantine set answered_at = clock_timestamp() where digest = $1;

-- name: dated_before
-- For each of these events, and each other log, that log's first record that had seen it.
select r.id, heard.by_log, heard.hlc
from log.record r cross join log.head witness cross join lateral (
    select s.by_log, s.hlc from log.seen s
    where s.log = r.log and s.by_log = witness.log and s.size > r.seq order by s.size limit 1) heard
where r.id = any($1::bytea[]);

-- name: size
-- How many records of a log are held without a hole.
select size from log.head where log = $1;

-- name: records_of
-- The exact bytes of the records of some events.
select id, jws from log.record where id = any($1::bytea[]);

-- name: records_at
-- Records at given places of given logs.
select r.log, r.seq, r.jws from log.record r join unnest($1::text[], $2::bigint[]) as place (log, seq) using (log, seq);

-- name: count_waiting
-- How many events wait for something.
select count(*) from log.event where state = 'waiting';
