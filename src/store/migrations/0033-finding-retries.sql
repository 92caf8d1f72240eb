-- A report that cannot be taken in is tried again, ever later, and does not hold up the others; `tries` 0: there was
-- nothing to take in.
alter table finding_skipped_runs
  add column tries integer not null default 0,
  add column given_up boolean not null default true;
