-- name: heads
-- How far every log is held without a hole.
select log, size from log.head order by log;

-- name: whole_log
-- Every record of a log.
select seq, jws from log.record where log = $1 order by seq;

-- name: stretch
-- The records of a log from one place to before another.
select jws from log.record where log = $1 and seq >= $2 and seq < $3 order by seq;

-- name: contents
-- What is here of these events, sealed.
select r.id, r.jws, c.blob, c.key from log.record r join log.content c using (id) where r.id = any($1::bytea[]);

-- name: first_to_see
-- For each of these events, and each other log, that log's first record that had seen it.
select distinct heard.by_log as log, heard.by_seq as seq
from log.record r cross join log.head witness cross join lateral (
    select s.by_log, s.by_seq from log.seen s
    where s.log = r.log and s.by_log = witness.log and s.size > r.seq order by s.size limit 1) heard
where r.id = any($1::bytea[]);

-- name: checkpoints
-- Of the checkpoints of a log that agree with our copy: for each of these places and each cosigner the first that covers
-- it; the largest that anybody has cosigned; the largest of all if a place lies beyond that one, or if nobody has.
with agreed as (select c.* from log.sound_checkpoint c where c.log = $1 and c.agrees),
told as (
    select s.agency, s.size from log.sound_cosignature s join agreed using (log, size, root) where s.agency <> split_part($1, '/', 2)),
largest as (select coalesce(max(size), 0) as size from told),
wanted as (
    select first.size from unnest($2::bigint[]) as place (seq) cross join (select distinct agency from told) who
    cross join lateral (
        select t.size from told t where t.agency = who.agency and t.size > place.seq order by t.size limit 1) first
    union select size from largest
    union select max(a.size) from agreed a, largest
        where largest.size <= coalesce((select max(seq) from unnest($2::bigint[]) as place (seq)), 0))
select a.log, a.size, a.root, a.line, (
    select coalesce(array_agg(s.line order by s.agency), '{}') from log.sound_cosignature s
    where s.log = a.log and s.size = a.size and s.root = a.root) as lines
from agreed a join wanted using (size) order by a.size;

-- name: erasures
-- Each time that we carried out an order in a case, and the events that we held of what it names.
select done.asked, done.confirmed, done.executed,
    coalesce(array_agg(x.id order by x.id) filter (where x.held), '{}') as events,
    coalesce(array_agg(e.parents order by x.id) filter (where x.held), '{}') as parents
from log.erasure done left join log.erased x using (executed) left join log.event e on e.id = x.id
where done.case_id = $1 group by done.executed order by done.executed;

-- name: forks
-- The proofs that logs of these have two histories.
select proof from log.sound_evidence where log = any($1::text[]) order by digest;
