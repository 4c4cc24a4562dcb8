-- Which versions of the mechanism agencies have adopted is looked for whenever a case names one that is not known.
-- The events themselves, in the log, are the store: a second copy of the rules could say otherwise.
create index event_mechanism on log.event (id) where type = 'rajut.node.mechanism.adopted.v1';
