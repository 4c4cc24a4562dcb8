-- What goes when the content of events is erased: the work that they asked for.
create function triage.forget(p_case text, p_events bytea[]) returns void
language plpgsql security definer set search_path = triage, pg_temp as $$
begin
    delete from triage.inbox where event_id = any(p_events);
    delete from triage.parked where event_id = any(p_events);
    delete from triage.work_item where source = any(p_events);
end $$;

revoke all on function triage.forget from public;
grant usage on schema triage to rajut_node;
grant execute on function triage.forget to rajut_node;
