-- What an auditor asks for: every plan as it was accepted, legal holds, erasures by two people, who did what.

-- A plan is made anew when the live colour changed meanwhile; the ledger names both by digest.
create table plans (
  digest text primary key,
  content jsonb not null
);
create function keep_plan() returns trigger language plpgsql as $$
begin
  insert into plans (digest, content) values (new.plan_digest, new.plan) on conflict do nothing;
  return null;
end $$;
create trigger promotions_keep_plan
  after insert or update of plan on promotions for each row execute function keep_plan();
insert into plans (digest, content)
  select distinct on (plan_digest) plan_digest, plan from promotions on conflict do nothing;

-- While a hold stands, nothing of its stream is erased (of any stream when it is null).
create table ledger_holds (
  id text primary key,
  stream text,
  reason text not null,
  added_at timestamptz not null default clock_timestamp(),
  added_by text not null,
  removed_at timestamptz,
  removed_by text,
  check ((removed_at is null) = (removed_by is null))
);

-- Asked for by one person, done by another.
create table ledger_erasures (
  id text primary key,
  -- Index in the log; or the pseudonym of a person. One of the two.
  entry bigint,
  pseudonym text,
  reason text not null,
  requested_at timestamptz not null default clock_timestamp(),
  requested_by text not null,
  confirmed_at timestamptz,
  confirmed_by text,
  check ((entry is null) <> (pseudonym is null)),
  check ((confirmed_at is null) = (confirmed_by is null)),
  check (confirmed_by is distinct from requested_by)
);
-- A request that waits is the only one for its thing.
create unique index ledger_erasures_open on ledger_erasures (coalesce(entry::text, pseudonym))
  where confirmed_at is null;

-- Calls that change something, and calls that were refused. Digests of closed runs of rows are entries of
-- the ledger; a row may go when it is old and its run is closed.
create table access_events (
  id bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  -- Pseudonym, or `unknown` where nobody was authenticated.
  actor text not null,
  action text not null,
  target text not null,
  outcome text not null,
  -- Which run its digest went into; null: not closed yet.
  run bigint
);
create index access_events_open on access_events (id) where run is null;
create index access_events_in_time on access_events (at);
create function refuse_access_change() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and old.run is null and new.run is not null
    and (new.id, new.at, new.actor, new.action, new.target, new.outcome)
      = (old.id, old.at, old.actor, old.action, old.target, old.outcome)
  then
    return new;
  end if;
  if tg_op = 'DELETE' and old.run is not null and old.at < clock_timestamp() - interval '90 days' then
    return old;
  end if;
  raise exception 'access events are append-only: % is refused', tg_op
    using errcode = 'insufficient_privilege';
end $$;
create trigger access_events_append_only
  before update or delete on access_events for each row execute function refuse_access_change();
create trigger access_events_no_truncate
  before truncate on access_events for each statement execute function refuse_change();
