-- What goes when the content of events is erased: the notices about them, and the mail that has not left.
create function notify.forget(p_case text, p_events bytea[]) returns void
language plpgsql security definer set search_path = notify, pg_temp as $$
begin
    delete from notify.inbox where event_id = any(p_events);
    delete from notify.parked where event_id = any(p_events);
    delete from notify.mail where notice in (select id from notify.notice where id = any(p_events) or about = any(p_events));
    delete from notify.notice where id = any(p_events) or about = any(p_events);
end $$;

revoke all on function notify.forget from public;
grant usage on schema notify to rajut_node;
grant execute on function notify.forget to rajut_node;
