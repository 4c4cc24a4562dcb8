-- Who knows of an event, and what a case has called for, is looked up, however many other notices there are.

create index notice_about on notify.notice (about, step);
create index notice_of_case on notify.notice (case_id);
