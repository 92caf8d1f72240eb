-- What runs and what moves: lanes with their leases, promotions with their frozen plans, deployments.

create table lanes (
  service text not null,
  environment text not null,
  -- What users meet. All null together: nothing is live.
  live_colour text check (live_colour in ('blue', 'green')),
  live_release text references releases,
  live_configuration text,
  live_promotion text,
  live_since timestamptz,
  -- What stood live before and could take the traffic back until `retire_at`. All null together.
  old_colour text check (old_colour in ('blue', 'green')),
  old_release text references releases,
  old_configuration text,
  old_promotion text,
  retire_at timestamptz,
  -- The right to act: raised by every taking of the lease, judged by this database's clock.
  epoch integer not null default 0,
  lease_holder text,
  lease_expires timestamptz,
  -- Set when the host agent knows a higher fence than we do: this database is older than the machine.
  fence_problem text,
  removed_at timestamptz,
  primary key (service, environment),
  check (old_colour is null or old_colour is distinct from live_colour)
);

create table promotions (
  id text primary key,
  -- Order of acceptance: the queue of a lane.
  sequence bigint generated always as identity unique,
  kind text not null check (kind in ('promotion', 'rollback')),
  service text not null,
  environment text not null,
  release text not null references releases,
  configuration text not null,
  configuration_version integer not null,
  plan_format integer not null,
  plan jsonb not null,
  plan_digest text not null,
  state text not null check (
    state in ('queued', 'running', 'complete', 'failed', 'rolled-back', 'aborted', 'superseded')
  ),
  -- A level, not an event: what people want of it.
  desired text not null default 'complete' check (desired in ('complete', 'aborted')),
  desired_by text,
  step_index integer not null default 0,
  -- Null while it goes forward. Set while compensations run: the state it will end in, and why.
  ending text check (ending in ('failed', 'rolled-back', 'aborted')),
  ending_message text,
  compensation_index integer not null default 0,
  wait_reason text,
  wait_who text,
  wait_until timestamptz,
  -- Since when it has waited for people: that time does not count against the deadline.
  paused_since timestamptz,
  -- When somebody should look again, unless something happens before; null: at once.
  wake_at timestamptz,
  -- The whole promotion's time limit; waiting for people moves it.
  deadline timestamptz,
  message text not null default '',
  reason text not null default '',
  retry_of text references promotions,
  idempotency_key text unique,
  measured jsonb,
  created_at timestamptz not null default clock_timestamp(),
  created_by text not null,
  started_at timestamptz,
  ended_at timestamptz,
  foreign key (service, environment) references lanes
);
-- One running promotion a lane, whatever two servers believe.
create unique index promotions_one_running on promotions (service, environment)
  where state = 'running';
create index promotions_open on promotions (service, environment, sequence)
  where state in ('queued', 'running');
create index promotions_newest on promotions (service, environment, sequence desc);

create table promotion_steps (
  promotion text not null references promotions,
  index integer not null,
  kind text not null,
  title text not null,
  state text not null check (
    state in ('pending', 'running', 'waiting', 'done', 'failed', 'compensated', 'skipped')
  ),
  attempts integer not null default 0,
  started_at timestamptz,
  ended_at timestamptz,
  message text not null default '',
  -- What a step must remember between looks: the identity proof, probes failed in a row.
  detail jsonb,
  primary key (promotion, index)
);

create table check_runs (
  -- `<promotion>/<step>/<name>/<attempt>`: the same after a crash, so that a check finds what it left running.
  id text primary key,
  promotion text not null references promotions,
  step integer not null,
  attempt integer not null,
  name text not null,
  uses text not null,
  phase text not null check (phase in ('static', 'deployed', 'live')),
  -- What it tested (law 3): evidence has an address.
  release text not null,
  configuration text not null,
  colour text,
  generation text,
  identity text not null check (identity in ('none', 'bound', 'native')),
  report jsonb,
  started_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  unique (promotion, step, name, attempt)
);

create table decisions (
  promotion text not null references promotions,
  step integer not null,
  decision jsonb not null,
  at timestamptz not null default clock_timestamp(),
  primary key (promotion, step)
);

create table deployments (
  id bigint generated always as identity primary key,
  service text not null,
  environment text not null,
  release text not null references releases,
  configuration text not null,
  configuration_version integer not null,
  colour text not null check (colour in ('blue', 'green')),
  promotion text not null references promotions,
  kind text not null check (kind in ('promotion', 'rollback')),
  from_at timestamptz not null,
  until_at timestamptz,
  by_actor text not null,
  -- Its gate's evidence was there and its watch passed (S4-44).
  verified_at timestamptz,
  -- Rolled back for cause: never again a way back.
  revoked_at timestamptz,
  revoked_reason text,
  foreign key (service, environment) references lanes
);
create unique index deployments_one_open on deployments (service, environment)
  where until_at is null;
create index deployments_in_time on deployments (service, environment, from_at desc);
create index deployments_by_release on deployments (release);
