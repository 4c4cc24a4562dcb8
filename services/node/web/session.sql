-- name: begin
-- Log somebody in.
insert into log.session (secret, officer, role, email, begun_at, seen_at, hint) values ($1, $2, $3, $4, $5, $5, $6);

-- name: seen
-- Who holds this secret, unless they were away too long, began too long ago, or by a clock that ran ahead; they are here now.
update log.session set seen_at = $5
where secret = $1 and seen_at > $2 and begun_at > $3 and begun_at < $4
returning officer, role, email;

-- name: there
-- The same, and it is no look: nobody stays logged in because a page is open.
select officer, role, email from log.session
where secret = $1 and seen_at > $2 and begun_at > $3 and begun_at < $4;

-- name: end
-- Log somebody out.
delete from log.session where secret = $1
returning hint;

-- name: forget
-- Sessions that nobody can go on with.
delete from log.session where seen_at <= $1 or begun_at <= $2 or begun_at >= $3;
