-- What can be promoted: registered documents, releases with their commits, configurations.

create table documents (
  kind text not null check (kind in ('Pipeline', 'Environment')),
  name text not null,
  version integer not null check (version > 0),
  digest text not null,
  -- As parsed: durations in milliseconds, defaults filled in.
  content jsonb not null,
  file text not null,
  applied_at timestamptz not null default clock_timestamp(),
  applied_by text not null,
  -- `service remove` ends the registration; history keeps the row.
  removed_at timestamptz,
  primary key (kind, name, version)
);
create index documents_by_digest on documents (digest);

create table releases (
  id text primary key,
  service text not null,
  version text not null,
  content jsonb not null,
  created_at timestamptz not null default clock_timestamp(),
  created_by text not null,
  unique (service, version)
);
create index releases_newest on releases (service, created_at desc);

create table release_commits (
  release text not null references releases,
  revision text not null,
  -- Oldest first, as in the release.
  position integer not null,
  subject text not null,
  author text not null,
  at timestamptz not null,
  primary key (release, revision)
);
create index release_commits_by_revision on release_commits (revision text_pattern_ops);

create table configurations (
  service text not null,
  environment text not null,
  version integer not null check (version > 0),
  digest text not null,
  content jsonb not null,
  created_at timestamptz not null default clock_timestamp(),
  created_by text not null,
  primary key (service, environment, version)
);
create index configurations_by_digest on configurations (digest);
