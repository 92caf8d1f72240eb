-- What feeds say of a finding, and why it stands where it stands in a list. Computed from other rows, again and again.
alter table findings
  add column epss real,
  add column known_exploited boolean,
  add column urgency_why text not null default '';
create index finding_acts_of_clock on finding_acts (finding, at) where kind in ('pause', 'resume');
