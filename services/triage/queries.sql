-- name: put_item
-- Bring one work item to what the case says; what an officer has done stays done.
insert into triage.work_item as item (source, kind, subject, case_id, due_at, done_at, done_by)
values ($1, $2, $3, $4, $5, case when $6::boolean then clock_timestamp() end, case when $6::boolean then $7 end)
on conflict (source, kind, subject) do update set
    due_at = excluded.due_at,
    done_at = case when $6 or item.done_by is distinct from $7 then coalesce(item.done_at, excluded.done_at) end,
    done_by = case when $6 or item.done_by is distinct from $7 then coalesce(item.done_by, excluded.done_by) end;

-- name: drop_items
-- Forget what a case does not ask for any more.
delete from triage.work_item where case_id = $1
  and (source, kind, subject) not in (select * from unnest($2::bytea[], $3::text[], $4::text[]));

-- name: case_of
-- The case of a work item.
select case_id from triage.work_item where id = $1;

-- name: open_items
-- What is still to be done, in all cases or in one ($2), the most pressing first.
select id, source, kind, subject, case_id, due_at, done_at, done_by
from triage.work_item where done_at is null and ($2::text is null or case_id = $2) order by due_at, id limit $1;

-- name: count_open
-- How much is still to be done, and how much of it is late, by kind.
select kind, count(*) as open, count(*) filter (where due_at < $1) as overdue
from triage.work_item where done_at is null group by kind;

-- name: kept_by_kind
-- Since a moment: what was promised by when, by kind: done in time, done late or not at all, not yet due.
select kind,
    count(*) filter (where done_at <= due_at) as kept,
    count(*) filter (where coalesce(done_at, $1) > due_at) as missed,
    count(*) filter (where done_at is null and due_at >= $1) as open
from triage.work_item where due_at > $2 group by kind order by kind;

-- name: due_by_week
-- Since a moment: how much was or is due in each week of an office's zone, and how much of that is done.
select date_trunc('week', due_at at time zone $3::interval)::date as week, count(*) as due, count(done_at) as done
from triage.work_item where due_at > $1 and due_at < $2 group by 1 order by 1;

-- name: item
-- One work item, locked.
select id, source, kind, subject, case_id, due_at, done_at, done_by from triage.work_item where id = $1 for update;

-- name: finish_item
-- An officer has done it.
update triage.work_item set done_at = clock_timestamp(), done_by = $2 where id = $1
returning id, source, kind, subject, case_id, due_at, done_at, done_by;

-- name: of_cases
-- The whole work list of some cases.
select case_id, source, kind, subject, due_at, done_at, done_by from triage.work_item where case_id = any($1::text[]);
