-- name: lock_submission
-- One request at a time with the same idempotency key.
select pg_advisory_xact_lock(hashtextextended(encode($1::bytea, 'hex'), 2));

-- name: submission
-- What was answered to an idempotency key.
select body, case_id, events from intake.submission where key = $1;

-- name: add_submission
-- Remember what was answered to an idempotency key.
insert into intake.submission (key, body, case_id, events) values ($1, $2, $3, $4);

-- name: lock_persons
-- One search of the person index at a time, so that of two reports about one person the second finds the first.
select pg_advisory_xact_lock(7271);

-- name: same_person
-- Other cases that share a fact with this one and were not offered yet; a fact of many cases offers only some.
select k.case_id, array_agg(distinct k.kind order by k.kind) as kinds
from intake.person_key k
where k.key = any($2::bytea[]) and k.case_id <> $1 and not exists (
    select from intake.duplicate d
    where d.case_id = least($1, k.case_id) and d.other_case_id = greatest($1, k.case_id))
group by k.case_id order by count(*) desc, k.case_id limit $3;

-- name: add_person_key
-- Make a case findable by one blinded fact.
insert into intake.person_key (case_id, key, kind) values ($1, $2, $3) on conflict do nothing;

-- name: add_duplicate
-- Note that a pair of cases was offered.
insert into intake.duplicate (case_id, other_case_id, basis)
values (least($1::text, $2::text), greatest($1::text, $2::text), $3);

-- name: duplicates
-- The cases that may be about the same person as this one.
select case when case_id = $1 then other_case_id else case_id end as case_id, basis
from intake.duplicate where $1 in (case_id, other_case_id) order by suggested_at, 1;

-- name: keys_of
-- The blinded facts by which a case is found.
select key from intake.person_key where case_id = $1;
