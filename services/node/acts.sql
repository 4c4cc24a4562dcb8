-- name: said
-- The events that an officer's request with this key led to.
select events from act where officer = $1 and key = $2;

-- name: keep
-- Remember what a request with a key led to.
insert into act (officer, key, events) values ($1, $2, $3);
