-- When to look at a case anew. What was promised in it, and missed, is derived then, once, however much happened since.

create table notify.look (
    case_id text primary key,
    look_at timestamptz not null,
    pressing boolean not null default true  -- an emergency, or nobody has looked yet: before all others
);
create index look_next on notify.look (pressing desc, look_at);
grant select, insert, update, delete on notify.look to rajut_notify;
insert into notify.look (case_id, look_at) select case_id, min(look_at) from notify.promise group by case_id;
drop table notify.promise;

create or replace function notify.forget(p_case text, p_events bytea[]) returns void
language plpgsql security definer set search_path = notify, pg_temp as $$
begin
    delete from notify.inbox where event_id = any(p_events);
    delete from notify.parked where event_id = any(p_events);
    delete from notify.mail where notice in (select id from notify.notice where id = any(p_events) or about = any(p_events));
    delete from notify.notice where id = any(p_events) or about = any(p_events);
    delete from notify.look where case_id = p_case;
end $$;
