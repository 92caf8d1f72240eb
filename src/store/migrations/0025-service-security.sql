-- Who answers for a service's security, how long findings may stay, and where those that wait are written down.
create table service_security (
  service text primary key,
  content jsonb not null,
  set_at timestamptz not null default clock_timestamp(),
  set_by text not null,
  changes integer not null default 1
);

-- Issues in trackers, one a finding. `wanted`: somebody is creating it, or died while doing so.
create table tracked_issues (
  finding bigint primary key references findings,
  service text not null,
  tracker text not null,
  marker text not null unique,
  remote text,
  url text,
  state text not null default 'wanted' check (state in ('wanted', 'open', 'done', 'unknown')),
  problem text,
  attempts integer not null default 0,
  -- Nobody touches it before then: a lease, and the pause after a failure.
  next_at timestamptz not null,
  created_at timestamptz not null default clock_timestamp(),
  looked_at timestamptz
);
create index tracked_issues_due on tracked_issues (next_at) where state in ('wanted', 'open');
