-- Raw reports of checks by their digest, redacted: several runs may name the same one. Evidence names the
-- digest; erasing the last run that names it erases it.
create table raw_reports (
  digest text primary key,
  content bytea not null,
  added_at timestamptz not null default clock_timestamp()
);
-- Scanners write the same words again and again.
alter table raw_reports alter column content set storage extended;

alter table check_runs add column progress text;
