-- name: wait_briefly
-- Whoever is to be shown something does not wait long for the pen of the log.
select set_config('lock_timeout', '3s', true);

-- name: add_entry
-- Note which cases an entry names.
insert into log.access (id, cases) values ($1, $2);

-- name: entries
-- The latest entries that name a case, still sealed, made since an event was here, if one is named. None at most means all.
select e.id, e.log, e.seq, e.type, e.case_id, c.blob, c.key, r.jws
from log.access a join log.event e using (id) join log.content c using (id) join log.record r using (id)
where a.cases @> array[$1::text]
    and ($3::bytea is null or e.admitted_at > (select admitted_at from log.event where id = $3))
order by e.seq desc limit $2;

-- name: count_entries
-- How many entries name a case, made since an event was here, if one is named.
select count(*) from log.access a join log.event e using (id) where a.cases @> array[$1::text]
    and ($2::bytea is null or e.admitted_at > (select admitted_at from log.event where id = $2));

-- name: known_case
-- Whether this node has ever held anything of a case.
select exists (select from log.event where case_id = $1);

-- name: is_of_case
-- Whether an event is one of a case.
select exists (select from log.event where id = $2 and case_id = $1);

-- name: cases_of
-- The cases of some events.
select distinct case_id from log.event where id = any($1::bytea[]) and case_id is not null;
