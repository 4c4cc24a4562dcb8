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
values (least($1::text, $2::text), greatest($1::text, $2::text), $3) on conflict do nothing;

-- name: duplicates
-- The cases that may be about the same person as this one, of those that we hold.
select o.case_id, d.basis from intake.duplicate d
cross join lateral (select case when d.case_id = $1 then d.other_case_id else d.case_id end as case_id) o
where $1 in (d.case_id, d.other_case_id) and exists (select from log.event e where e.case_id = o.case_id)
order by d.suggested_at, 1;

-- name: keep_person_keys
-- Of a case's blinded facts leave only these.
delete from intake.person_key where case_id = $1 and key <> all($2::bytea[]);

-- name: drop_duplicates
-- Of a case whose person we may not look for any more, offer nothing.
delete from intake.duplicate where $1 in (case_id, other_case_id)
and not exists (select from intake.person_key where case_id = $1);

-- name: keys_of
-- The blinded facts by which some cases are found.
select case_id, key from intake.person_key where case_id = any($1::text[]);

-- name: lock_drafts
-- One officer's drafts are counted and added one at a time.
select pg_advisory_xact_lock(hashtextextended($1, 9));

-- name: make_room
-- Of an officer's other drafts that were sent drop the oldest, until so many are left, sent or not.
delete from intake.draft where sent and id in (
    select id from intake.draft where officer = $1 and id <> $2 order by sent, saved_at desc offset $3);

-- name: count_drafts
-- How many other drafts of an officer there are, sent or not.
select count(*) from intake.draft where officer = $1 and id <> $2;

-- name: save_draft
-- Write a draft anew; nothing if another officer has one of this name.
insert into intake.draft (id, officer, sealed, sent, saved_at) values ($1, $2, $3, $4, $5)
on conflict (id) do update set sealed = excluded.sealed, sent = excluded.sent, saved_at = excluded.saved_at
where draft.officer = excluded.officer returning saved_at;

-- name: draft
-- An officer's own draft.
select sealed, saved_at from intake.draft where id = $1 and officer = $2;

-- name: drafts
-- What an officer is writing, the newest first.
select id, saved_at from intake.draft where officer = $1 and not sent order by saved_at desc;

-- name: drop_draft
-- An officer throws a draft away.
delete from intake.draft where id = $1 and officer = $2;

-- name: drop_old_drafts
-- Nobody has written on these for too long.
delete from intake.draft where saved_at <= $1;
