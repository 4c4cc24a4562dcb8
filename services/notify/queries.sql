-- name: add_notice
-- Remember a notice that was just said in the log.
insert into notify.notice (id, about, case_id, step, role, level, respond_by) values ($1, $2, $3, $4, $5, $6, $7);

-- name: add_mail
-- Tell these officers; the mail leaves after the commit.
insert into notify.mail (notice, officer, next_at) select $1, officer, $3 from unnest($2::text[]) as to_tell (officer);

-- name: told
-- The steps of the ladder that know of an event already.
select step from notify.notice where about = $1;

-- name: open
-- What waits for an answer at this agency, the most pressing first.
select n.id, n.about, e.type, n.case_id, n.step, n.role, n.level, n.respond_by, n.escalated_at
from notify.notice n left join log.event e on e.id = n.about
where n.acknowledged_at is null order by n.respond_by, n.id limit 200;

-- name: case_of
-- The case that a notice is about.
select case_id from notify.notice where id = $1;

-- name: notice
-- One notice.
select id, about, case_id, step, role, level, respond_by, acknowledged_at, escalated_at from notify.notice where id = $1;

-- name: acknowledge
-- Somebody has seen it: nothing about the same event climbs any more from this step or a lower one.
update notify.notice set acknowledged_at = $3, acknowledged_by = $4
where about = $1 and step <= $2 and acknowledged_at is null;

-- name: overdue
-- Notices that nobody answered in time and that have not climbed yet, those of the gravest level ($2) first.
select id, case_id from notify.notice
where acknowledged_at is null and escalated_at is null and respond_by <= $1
order by level = $2 desc, respond_by limit 32;

-- name: escalated
-- The next one is told.
update notify.notice set escalated_at = $2 where id = $1;

-- name: waiting_mail
-- The next mail to send; another process skips what this one holds.
select m.notice, m.officer, m.attempts, n.role, n.respond_by
from notify.mail m join notify.notice n on n.id = m.notice
where m.sent_at is null and m.next_at <= $1
order by m.next_at limit 1 for update of m skip locked;

-- name: mail_sent
-- It left the house, or there is nobody left to send it to.
update notify.mail set sent_at = $3 where notice = $1 and officer = $2;

-- name: mail_failed
-- Try again later.
update notify.mail set attempts = attempts + 1, next_at = $3 where notice = $1 and officer = $2;

-- name: of_cases
-- All notices of some cases.
select case_id, id, about, step, role, acknowledged_at from notify.notice where case_id = any($1::text[]);

-- name: look_soon
-- Something happened in a case: look at it at the next sweep.
insert into notify.look (case_id, look_at) values ($1, $2)
on conflict (case_id) do update set look_at = least(look.look_at, excluded.look_at);

-- name: look_later
-- When something in a case may have been missed next.
update notify.look set look_at = $2, pressing = $3 where case_id = $1;

-- name: stop_looking
-- Nothing is waited for in a case.
delete from notify.look where case_id = $1;

-- name: look_now
-- No case waits any longer.
update notify.look set look_at = $1 where look_at > $1;

-- name: mail_now
-- Nor does any mail.
update notify.mail set next_at = $1 where next_at > $1 and sent_at is null;

-- name: alarm_now
-- Nor any alarm.
update notify.alarm set next_at = $1 where next_at > $1 and sent_at is null;

-- name: to_look
-- Cases to look at, emergencies first, then the longest waiting; few enough that others get their turn.
select case_id from notify.look where look_at <= $1 order by pressing desc, look_at limit 16;

-- name: looks_of
-- When some cases will be looked at.
select case_id, look_at from notify.look where case_id = any($1::text[]);

-- name: add_alarm
-- Tell these officers of a matter of this kind; who was told of it is not told again.
insert into notify.alarm (kind, matter, officer, next_at)
select $1, $2, officer, $4 from unnest($3::text[]) as to_tell (officer)
on conflict do nothing;

-- name: waiting_alarm
-- The next alarm to send; another process skips what this one holds.
select kind, matter, officer, attempts from notify.alarm
where sent_at is null and next_at <= $1
order by next_at limit 1 for update skip locked;

-- name: alarm_sent
-- It left the house, or there is nobody left to send it to.
update notify.alarm set sent_at = $4 where kind = $1 and matter = $2 and officer = $3;

-- name: alarm_failed
-- Try again later.
update notify.alarm set attempts = attempts + 1, next_at = $4 where kind = $1 and matter = $2 and officer = $3;

-- name: lock_dates
-- Whoever would say something of a yearly date waits for whoever does.
select pg_advisory_xact_lock(hashtextextended('notify.date', 3));

-- name: dates_said
-- What an agency ($1) said of its yearly dates lately, still sealed: more than two years, and more than it ever says of them.
select e.id, e.log, e.seq, e.type, e.case_id, e.parents, c.blob, c.key, r.jws, null as erased
from log.event e join log.record r using (id) join log.content c using (id)
where e.type in ('rajut.notify.date.kept.v1', 'rajut.notify.date.missed.v1')
    and split_part(e.log, '/', 2) = $1 and e.state = 'applied' and e.admitted_at > clock_timestamp() - interval '800 days'
order by e.log desc, e.seq desc limit 400;

-- name: begun
-- The first record of each log of an agency.
select r.jws from log.head h join log.record r on r.log = h.log and r.seq = 0 where split_part(h.log, '/', 2) = $1;
