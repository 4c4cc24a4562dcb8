-- Who goes by which pseudonym, from their first login at the agency's login server on. The name that it tells may be
-- changed there, by people themselves or for another person; what it calls them by itself (`sub`) may not. One person is
-- one pseudonym and one pseudonym one person, or else one of them could be two leaders. Only the owner releases it.
create table log.staff (
    officer text primary key,
    issuer text not null,
    subject text not null check (octet_length(subject) between 1 and 255),
    bound_at timestamptz not null,
    unique (issuer, subject)
);

grant select, insert on log.staff to rajut_node;

-- What the login server said of somebody when they came: it is told so when they leave, and ends its own session.
alter table log.session add column hint text not null default '';
