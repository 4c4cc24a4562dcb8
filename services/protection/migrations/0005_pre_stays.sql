-- When to look at the agency's own mechanism in a case: whether a state has outlasted its limit is derived then.

create table protection.stay (
    case_id text primary key,
    look_at timestamptz not null
);
create index stay_next on protection.stay (look_at);
grant select, insert, update, delete on protection.stay to rajut_protection;

create or replace function protection.forget(p_case text, p_events bytea[]) returns void
language plpgsql security definer set search_path = protection, pg_temp as $$
begin
    delete from protection.inbox where event_id = any(p_events);
    delete from protection.parked where event_id = any(p_events);
    delete from protection.stay where case_id = p_case;
end $$;
