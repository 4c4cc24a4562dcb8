-- name: add_checkpoint
-- Keep what a log's own key has signed; the word of a key that was revoked gives way to that of another.
insert into log.checkpoint as held (log, size, root, line) values ($1, $2, $3, $4)
on conflict (log, size, root) do update set line = excluded.line
where exists (select from log.void v where v.digest = sha256(held.line));

-- name: add_cosignatures
-- Keep who has cosigned a checkpoint; as above.
insert into log.cosignature as held (log, size, root, agency, at, line)
select $1, $2, $3, agency, at, line from unnest($4::text[], $5::bigint[], $6::bytea[]) as new (agency, at, line)
on conflict (log, agency, size, root) do update set at = excluded.at, line = excluded.line
where exists (select from log.void v where v.digest = sha256(held.line));

-- name: compare
-- Hold the checkpoints of a log that we can judge by now against our own copy; the ones that it contradicts.
with judged as (
    update log.checkpoint c set agrees = (c.root = r.root) from log.root r
    where c.log = $1 and c.agrees is null and r.log = c.log and r.size = c.size
    returning c.size, c.root, c.agrees)
select size, root from judged where not agrees;

-- name: open_logs
-- Logs with checkpoints that wait for us to hold as much.
select distinct c.log from log.checkpoint c join log.head h using (log) where c.agrees is null and c.size <= h.size;

-- name: to_cosign
-- The largest checkpoint of another log that agrees with our copy and is beyond what we have cosigned. None while
-- anything that log or we have signed of it contradicts our copy, or goes beyond it: then people look first.
select c.log, c.size, c.root, c.line from log.sound_checkpoint c join log.head h using (log)
where c.log = $1 and split_part($1, '/', 2) <> $2 and c.agrees
    and c.size > (select coalesce(max(s.size), 0) from log.sound_cosignature s where s.log = $1 and s.agency = $2)
    and not exists (select from log.sound_checkpoint bad where bad.log = $1 and not bad.agrees)
    and not exists (select from log.sound_evidence e where e.log = $1)
    and not exists (
        select from log.sound_cosignature s join log.sound_checkpoint mine using (log, size, root)
        where s.log = $1 and s.agency = $2 and mine.agrees is null)
order by c.size desc limit 1;

-- name: own_news
-- Our own log's size and root, if it has grown beyond its last checkpoint; nothing if somebody holds a later one.
select r.log, r.size, r.root from log.root r join log.head h on h.log = r.log and h.own and h.size = r.size
where r.size > coalesce((select c.size from log.sound_checkpoint c where c.log = r.log order by c.size desc limit 1), 0);

-- name: notes
-- What we have to say of each log: of our own (up to a size) its newest checkpoint, of others the newest that we cosigned.
select newest.log, newest.size, newest.root, newest.line, (
    select coalesce(array_agg(s.line order by s.agency), '{}') from log.sound_cosignature s
    where s.log = newest.log and s.size = newest.size and s.root = newest.root) as lines
from log.head h cross join lateral (
    select c.log, c.size, c.root, c.line from log.sound_checkpoint c
    where c.log = h.log and c.agrees and case when h.own then c.size <= $1 else exists (
        select from log.sound_cosignature s
        where s.log = c.log and s.size = c.size and s.root = c.root and s.agency = $2) end
    order by c.size desc limit 1) newest
order by newest.log;

-- name: cosigned
-- For each of these events, who has cosigned a checkpoint of its log that covers it, and when first.
select r.id, who.agency, first.at from log.record r
cross join lateral (
    select distinct split_part(h.log, '/', 2) as agency from log.head h
    where split_part(h.log, '/', 2) <> split_part(r.log, '/', 2)) who
cross join lateral (
    select s.at from log.sound_cosignature s join log.checkpoint c using (log, size, root)
    where s.log = r.log and s.agency = who.agency and s.size > r.seq and c.agrees order by s.size limit 1) first
where r.id = any($1::bytea[]);
