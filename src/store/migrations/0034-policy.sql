-- How policy is changed. A row for each change of the mode; the newest counts, and without any it is solo.
create table governance (
  version integer primary key check (version > 0),
  mode text not null check (mode in ('solo', 'team')),
  -- What two people signed; null: nobody had to.
  proposal text,
  set_by text not null,
  at timestamptz not null default clock_timestamp()
);

-- What is said of changes of policy: proposed, signed, in effect, void. Nothing here is changed afterwards.
create table policy_acts (
  id text primary key,
  kind text not null check (kind in ('propose', 'sign', 'effect', 'void')),
  -- Its own id where it is proposed, or takes effect without a proposal.
  proposal text not null,
  content jsonb not null,
  acted_by text not null,
  at timestamptz not null default clock_timestamp()
);
create index policy_acts_of_proposal on policy_acts (proposal, at);
create unique index policy_acts_once on policy_acts (proposal, kind) where kind <> 'sign';
