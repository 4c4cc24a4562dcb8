-- name: bind
-- From now on this person goes by this pseudonym, unless one of the two is taken.
insert into log.staff (officer, issuer, subject, bound_at) values ($1, $2, $3, $4) on conflict do nothing;

-- name: bound
-- Whether this person goes by this pseudonym.
select exists (select from log.staff where officer = $1 and issuer = $2 and subject = $3);
