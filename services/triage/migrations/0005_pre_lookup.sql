-- Every event brings the work of its case up to date: that is looked up, however many other cases there are.

create index work_item_of_case on triage.work_item (case_id);
