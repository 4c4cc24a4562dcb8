-- Who is logged in at the desk. A session is known by the hash of its secret, so whoever reads the table cannot use it.
-- It belongs to the node alone: a service that was taken over makes nobody an officer.
create table log.session (
    secret bytea primary key check (octet_length(secret) = 32),
    officer text not null,
    role text not null,
    email text not null,
    begun_at timestamptz not null,
    seen_at timestamptz not null
);
create index session_seen on log.session (seen_at);

grant select, insert, delete, update (seen_at) on log.session to rajut_node;
