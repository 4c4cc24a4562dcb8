-- The access log itself is records: entries sealed to this agency alone. Here is only which cases an entry names,
-- so that the readers of one case are found without opening every entry. `rajut fsck` holds it against the entries.

create table log.access (
    id bytea primary key references log.event (id),
    cases text[] not null
);
create index access_cases on log.access using gin (cases);
create trigger access_immutable before update or delete or truncate on log.access
    for each statement execute function log.refuse_change();

grant select, insert on log.access to rajut_node, rajut_intake, rajut_triage, rajut_protection, rajut_notify;
