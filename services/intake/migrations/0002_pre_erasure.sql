-- What goes when the content of events is erased: what was answered for them, and, with the last event that says who
-- somebody is, the case's place in the person index and the offers that came from it. Run before those events go.
create function intake.forget(p_case text, p_events bytea[]) returns void
language plpgsql security definer set search_path = intake, pg_temp as $$
begin
    perform pg_advisory_xact_lock(7271);    -- as `lock_persons`: no search is under way that offers this case
    delete from intake.inbox where event_id = any(p_events);
    delete from intake.parked where event_id = any(p_events);
    delete from intake.submission where case_id = p_case and events && p_events;
    if not exists (
        select from log.event e join log.head h using (log)
        where e.case_id = p_case and e.id <> all(p_events) and e.type in (
            'rajut.intake.report.received.v1', case when not h.own then 'rajut.intake.identity.shared.v1' end)) then
        delete from intake.person_key where case_id = p_case;
        delete from intake.duplicate where p_case in (case_id, other_case_id);
    end if;
end $$;

revoke all on function intake.forget from public;
grant usage on schema intake to rajut_node;
grant execute on function intake.forget to rajut_node;
