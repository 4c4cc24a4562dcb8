-- An alarm is of a matter: a log that has two histories, or a day that an agency missed. What was said of days is found fast.

alter table notify.alarm rename column log to matter;
alter table notify.alarm add column kind text not null default 'FORK';
alter table notify.alarm alter column kind drop default;
alter table notify.alarm drop constraint alarm_pkey, add primary key (kind, matter, officer);

create index event_date on log.event (log, seq)
    where type in ('rajut.notify.date.kept.v1', 'rajut.notify.date.missed.v1');
