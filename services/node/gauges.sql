-- name: state
-- What there is to see now of the links, the log and its witnesses: one row a reading.
with logs as (
    select log, own, size, highest, split_part(log, '/', 2) as partner, split_part(log, '/', 3)::int as epoch from log.head),
own as (select log, size, partner as agency from logs where own),
others as (
    select distinct on (logs.partner) logs.* from logs, own where logs.partner <> own.agency order by logs.partner, epoch desc)
select 'rajut.partner.silent' as gauge, partner, extract(epoch from clock_timestamp() - r.received_at)::float8 as value
from others join log.record r on r.log = others.log and r.seq = others.highest - 1
union all
select 'rajut.partner.missing', partner, greatest(0, highest - size, (
    select max(heard.size) from logs witness cross join lateral (
        (select s.size from log.seen s where s.log = others.log and s.by_log = witness.log order by s.size desc limit 1)
        union all
        (select c.size from log.sound_checkpoint c where c.log = others.log order by c.size desc limit 1)) heard) - size)
from others
union all
select 'rajut.partner.unread', partner, own.size - coalesce((
    select s.size from log.seen s where s.log = own.log and s.by_log = others.log order by s.size desc limit 1), 0)
from others, own
union all
select 'rajut.witness.behind', partner, own.size - coalesce((
    select c.size from log.sound_cosignature c where c.log = own.log and c.agency = others.partner order by c.size desc limit 1), 0)
from others, own
union all
select 'rajut.witness.disputed', partner, sum(
    (select count(*) from log.sound_checkpoint c where c.log = logs.log and not c.agrees)
    + (select count(*) from log.sound_evidence e where e.log = logs.log)
    + (select count(*) from log.dispute d where d.log = logs.log))::float8
from logs group by partner
union all
select 'rajut.checkpoint.due', '', coalesce(extract(epoch from clock_timestamp() - (
    select r.received_at from log.record r
    where r.log = own.log and r.seq = coalesce((
        select c.size from log.sound_checkpoint c where c.log = own.log order by c.size desc limit 1), 0)))::float8, 0)
from own;

-- name: backlog
-- How much the node has before it, by kind.
select 'POINTER' as kind, count(*) as value from log.pointer
union all
select 'WAITING', count(distinct id) from log.waiting
union all
select 'REFUSAL', count(*) from log.quarantine where answered_at is null and log <> '';
