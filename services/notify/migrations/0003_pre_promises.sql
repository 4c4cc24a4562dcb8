-- When to look whether a promise was kept. What is said is derived anew from the case then; this only says when.

create table notify.promise (
    case_id text not null,
    source bytea not null,          -- the event that made it
    kind text not null,
    subject text not null,
    agency text not null,           -- who owes it
    due_at timestamptz not null,
    look_at timestamptz not null,   -- later than due where another agency's node should say it first
    primary key (source, kind, subject, agency)
);
create index promise_look on notify.promise (look_at);
create index promise_case on notify.promise (case_id);
grant select, insert, delete on notify.promise to rajut_notify;

create or replace function notify.forget(p_case text, p_events bytea[]) returns void
language plpgsql security definer set search_path = notify, pg_temp as $$
begin
    delete from notify.inbox where event_id = any(p_events);
    delete from notify.parked where event_id = any(p_events);
    delete from notify.mail where notice in (select id from notify.notice where id = any(p_events) or about = any(p_events));
    delete from notify.notice where id = any(p_events) or about = any(p_events);
    delete from notify.promise where source = any(p_events);
end $$;
