-- Protection keeps no table of its own: where a proposal stands is the fold of its case, read anew under the
-- case's lock by whoever decides.

-- name: closing
-- Cases with a proposal to close that no closing has followed, in the order in which we admitted them.
select distinct proposed.case_id from log.event proposed
where proposed.type = 'rajut.protection.closure.proposed.v1' and proposed.state = 'applied' and not exists (
    select from log.event closed where closed.case_id = proposed.case_id
        and closed.type = 'rajut.protection.case.closed.v1' and closed.admitted_at >= proposed.admitted_at);
