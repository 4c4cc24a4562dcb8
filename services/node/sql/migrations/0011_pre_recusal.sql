-- Who takes no part in which case is looked for whenever somebody is shown a case. The events themselves are the store.
create index event_recusal on log.event (case_id) where type = 'rajut.triage.officer.recused.v1';
