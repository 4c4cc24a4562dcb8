-- name: take
-- Mark an event as handled by this service; nothing comes back if it was already.
insert into inbox (event_id) values ($1) on conflict do nothing returning true;

-- name: applied_type
-- The type of an event, if it is applied. Until the transaction ends nobody moves its case, or erases it.
select type, pg_advisory_xact_lock(hashtextextended(case_id, 1)) from log.event where id = $1 and state = 'applied';

-- name: unhandled
-- Applied events of these types that this service has neither handled nor parked, in no case that is set aside.
select e.id, coalesce(e.case_id, '') as case_id from log.event e
where e.state = 'applied' and e.type = any($1::text[]) and coalesce(e.case_id, '') <> all($5::text[])
  and e.admitted_at < clock_timestamp() - make_interval(secs => $2)
  and e.admitted_at > clock_timestamp() - make_interval(secs => $3)
  and not exists (select from inbox i where i.event_id = e.id)
  and not exists (select from parked p where p.event_id = e.id)
order by e.admitted_at limit $4;

-- name: backlog
-- How much waits for a person, and how much (of these types, in so many seconds) for us.
select (select count(*) from parked) as parked, (
    select count(*) from log.event e
    where e.state = 'applied' and e.type = any($1::text[]) and e.admitted_at > clock_timestamp() - make_interval(secs => $2)
        and not exists (select from inbox i where i.event_id = e.id)
        and not exists (select from parked p where p.event_id = e.id)) as unhandled;

-- name: park
-- Set an event aside for a person.
insert into parked (event_id, type, reason, attempts) select id, type, $2, $3 from log.event where id = $1
on conflict do nothing returning type;

-- name: parked
-- What was set aside.
select event_id, type, reason, attempts from parked order by parked_at;

-- name: is_parked
-- Whether an event was set aside.
select exists (select from parked where event_id = $1);

-- name: unpark
-- No longer set aside.
delete from parked where event_id = $1;
