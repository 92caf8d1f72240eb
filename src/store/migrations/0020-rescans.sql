-- Static checks that are run again on what is live: why this run was begun ('advisories …', 'schedule'). Null: by its promotion.
alter table check_runs add column rescan text;
