-- name: due
-- Confirmed requests that this node has not carried out, and orders of which content came in afterwards.
select e.id, e.case_id from log.event e
where e.type = 'rajut.node.erasure.confirmed.v1' and e.state = 'applied' and e.id <> all($1::bytea[])
    and not exists (select from log.erasure done where done.confirmed = e.id)
union
select done.confirmed, done.case_id from log.erased x join log.content c using (id) join log.erasure done using (executed)
where not x.held;

-- name: held
-- Of these events, the ones whose content is here, in whatever state they are.
select e.id, e.parents from log.event e join log.content c using (id)
where e.id = any($1::bytea[]) and e.case_id = $2 order by e.id;

-- name: forget
-- Let a service forget what it keeps of these events.
select SERVICE.forget($1, $2);

-- name: erase
-- Destroy content, lock the rest of the case anew, and note that it was done.
select log.erase($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: kept
-- What of a case these events are not.
select c.id, c.key from log.event e join log.content c using (id) where e.case_id = $1 and e.id <> all($2::bytea[]);

-- name: vault_keys
-- Under which keys of the vault the rest of each case is since it was erased, the latest first.
select distinct on (case_id) case_id, vault_key from log.erasure order by case_id, erased_at desc;

-- name: erasures
-- Every time that this node carried out an order.
select executed, confirmed, asked, case_id from log.erasure order by erased_at, executed;

-- name: erased_here
-- What was erased then, or is never to come in.
select x.id, x.held, e.parents, e.case_id from log.erased x left join log.event e using (id)
where x.executed = $1 order by x.id;
