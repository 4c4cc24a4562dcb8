-- The work list follows what is promised: what a case does not ask for any more goes.

grant delete on triage.work_item to rajut_triage;
