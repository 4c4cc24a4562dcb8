-- Where a proposal stands is the fold of its case, read anew under the case's lock by whoever decides; the one table
-- of its own says only when to look at the own mechanism.

-- name: closing
-- Cases with a proposal to close that no closing has followed, in the order in which we admitted them.
select distinct proposed.case_id from log.event proposed
where proposed.type = 'rajut.protection.closure.proposed.v1' and proposed.state = 'applied' and not exists (
    select from log.event closed where closed.case_id = proposed.case_id
        and closed.type = 'rajut.protection.case.closed.v1' and closed.admitted_at >= proposed.admitted_at);

-- name: stirred
-- Something moved the own mechanism, or may have: look at the next sweep.
insert into protection.stay (case_id, look_at) values ($1, $2)
on conflict (case_id) do update set look_at = least(stay.look_at, excluded.look_at);

-- name: stay_now
-- No case waits any longer.
update protection.stay set look_at = $1 where look_at > $1;

-- name: stays_to_look
-- Cases in which a state may have outlasted its limit, the longest waiting first.
select case_id from protection.stay where look_at <= $1 order by look_at limit 16;

-- name: stay_later
-- When a limit of a state is reached next.
update protection.stay set look_at = $2 where case_id = $1;

-- name: stay_over
-- No state of the own mechanism has a limit in this case.
delete from protection.stay where case_id = $1;
