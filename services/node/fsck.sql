-- name: heads
-- How far every log is held.
select log, size, last, hlc, peaks, highest from log.head order by log;

-- name: batches
-- Where the batches of so many records of each log begin and end, in the order of time. The time is that of the first
-- event, and never less than that of the batch before: what a row says of it decides nothing but the order of reading.
with numbered as (
    select log, seq, id, row_number() over (partition by log order by seq) - 1 as place from log.record)
select n.log, n.seq, coalesce(lead(n.seq) over logs, 9223372036854775807)
from numbered n left join log.event e using (id) where n.place % $1 = 0
window logs as (partition by n.log order by n.seq)
order by max(e.hlc) over logs nulls first, n.log, n.seq;

-- name: records
-- A part of a log, with everything that is derived from each record.
select r.seq, r.id, r.jws, c.blob, c.key, u.id as excused,
    e.log as event_log, e.seq as event_seq, e.type, e.case_id, e.hlc, e.parents, e.audience, e.state, a.cases as shown, x.executed as erased
from log.record r
left join log.content c using (id) left join log.event e using (id) left join log.access a using (id)
left join log.erased x using (id)
left join log.unreadable u on u.id = r.id and u.found_at is null
where r.log = $1 and r.seq >= $2 and r.seq < $3 order by r.seq;

-- name: orphans
-- Events and contents without a record.
select 'event' as part, id from log.event e where not exists (select from log.record r where r.id = e.id)
union all
select 'content', id from log.content c where not exists (select from log.record r where r.id = c.id);

-- name: misplaced
-- Events that are applied, refused or waiting without the parents that would make them so. All parents are looked up
-- in one pass: one event after the other, the planner would go through the whole table for each.
with told as (
    select e.id, bool_or(p.state is distinct from 'applied') as missing,
        bool_or(p.state = 'refused' or p.case_id is distinct from e.case_id or not e.audience <@ p.audience)
            filter (where p.id is not null) as unfit
    from log.event e cross join generate_series(1, length(e.parents), 32) as place
    left join log.event p on p.id = substring(e.parents from place for 32)
    group by e.id)
select e.log, e.seq, e.state from log.event e left join told t using (id)
where case e.state when 'applied' then coalesce(t.missing, false) or coalesce(t.unfit, false)
    when 'refused' then not coalesce(t.unfit, false)
    else not exists (select from log.waiting w where w.id = e.id) end
order by e.log, e.seq;

-- name: unhandled
-- Applied events of these types, older than a minute, that a service passed over.
select e.log, e.seq from log.event e
where e.state = 'applied' and e.type = any($1::text[]) and e.admitted_at < clock_timestamp() - interval '1 minute'
  and not exists (select from SERVICE.inbox i where i.event_id = e.id)
  and not exists (select from SERVICE.parked p where p.event_id = e.id);

-- name: settled_cases
-- Cases of which a service has handled every event of these types: its read models must be complete for them.
select e.case_id, count(*) as events from log.event e
where e.case_id is not null and e.state = 'applied'
group by e.case_id
having bool_and(e.type <> all($1::text[]) or exists (select from SERVICE.inbox i where i.event_id = e.id))
order by e.case_id;
