-- What goes when the content of events is erased: nothing but the inbox: protection keeps no state of its own.
create function protection.forget(p_case text, p_events bytea[]) returns void
language plpgsql security definer set search_path = protection, pg_temp as $$
begin
    delete from protection.inbox where event_id = any(p_events);
    delete from protection.parked where event_id = any(p_events);
end $$;

revoke all on function protection.forget from public;
grant usage on schema protection to rajut_node;
grant execute on function protection.forget to rajut_node;
