-- The timer that closes cases looks for the proposals to close, among all events.
create index event_closure on log.event (case_id) where type = 'rajut.protection.closure.proposed.v1';
