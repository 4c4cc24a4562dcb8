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
-- What is still to be done, the most pressing first.
select id, source, kind, subject, case_id, due_at, done_at, done_by
from triage.work_item where done_at is null order by due_at, id limit $1;

-- name: item
-- One work item, locked.
select id, source, kind, subject, case_id, due_at, done_at, done_by from triage.work_item where id = $1 for update;

-- name: finish_item
-- An officer has done it.
update triage.work_item set done_at = clock_timestamp(), done_by = $2 where id = $1
returning id, source, kind, subject, case_id, due_at, done_at, done_by;

-- name: of_case
-- The whole work list of a case.
select source, kind, subject, due_at, done_at, done_by from triage.work_item where case_id = $1;
