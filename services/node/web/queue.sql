-- name: last
-- When the last event of a case came; access entries and heartbeats belong to none.
select admitted_at from log.event where case_id is not null order by admitted_at desc limit 1;

-- name: news
-- The cases that have had an event since, when the last one came, and whether one of these types was among them.
select case_id, max(admitted_at) as last, bool_or(type = any($2::text[])) as alarm
from log.event where admitted_at > $1 and case_id is not null group by case_id;

-- name: erasures
-- How often something was erased here.
select count(*) from log.erasure;
