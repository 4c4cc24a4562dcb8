-- name: heads
-- How far every log is held.
select log, size, last, hlc, peaks, highest from log.head order by log;

-- name: records
-- A whole log, with everything that is derived from each record.
select r.seq, r.id, r.jws, c.blob, c.key, e.type, e.case_id, e.hlc, e.parents, e.audience, u.id as excused
from log.record r
left join log.content c using (id) left join log.event e using (id)
left join log.unreadable u on u.id = r.id and u.found_at is null
where r.log = $1 order by r.seq;

-- name: orphans
-- Events and contents without a record.
select 'event' as part, id from log.event e where not exists (select from log.record r where r.id = e.id)
union all
select 'content', id from log.content c where not exists (select from log.record r where r.id = c.id);

-- name: unhandled
-- Applied events of these types, older than a minute, that a service passed over.
select e.log, e.seq from log.event e
where e.state = 'applied' and e.type = any($1::text[]) and e.admitted_at < clock_timestamp() - interval '1 minute'
  and not exists (select from SERVICE.inbox i where i.event_id = e.id)
  and not exists (select from SERVICE.parked p where p.event_id = e.id);
