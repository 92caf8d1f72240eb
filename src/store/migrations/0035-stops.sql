-- What somebody stopped: a line (nothing goes forward there), or content that goes nowhere. One that is cleared stays on record.
create table stops (
  -- Without gaps: one that is missing was taken out.
  id integer primary key,
  kind text not null check (kind in ('line', 'ban')),
  -- Null: every service, every environment.
  service text,
  environment text,
  release text,
  -- Digests of what a banned release is made of.
  artifacts jsonb not null,
  reason text not null,
  by_actor text not null,
  at timestamptz not null default clock_timestamp(),
  cleared_at timestamptz,
  cleared_reason text,
  cleared_by text,
  changes integer not null default 1
);
create index stops_open on stops (kind) where cleared_at is null;
