-- name: last
-- When the last event of a case came; access entries and heartbeats belong to none.
select admitted_at from log.event where case_id is not null order by admitted_at desc limit 1;

-- name: news
-- Whether a case has had an event since, and whether one of these types was among them.
select count(*) > 0 as any, coalesce(bool_or(type = any($2::text[])), false) as alarm
from log.event where admitted_at > $1 and case_id is not null;

-- name: erasures
-- How often something was erased here.
select count(*) from log.erasure;
