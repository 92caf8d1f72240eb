-- Programs of other platforms, by those platforms' signed word: who gets a token here for it, and which.

create table workload_rules (
  id text primary key,
  name text not null,
  -- All that has to be so, and what is given for it.
  rule jsonb not null,
  added_at timestamptz not null default clock_timestamp(),
  added_by text not null,
  removed_at timestamptz,
  removed_by text,
  changes integer not null default 1
);
create unique index workload_rules_by_name on workload_rules (name) where removed_at is null;
create trigger workload_rules_access after insert or update or delete or truncate on workload_rules
  for each statement execute function change_access_version();

-- A token that a rule gave: by which, and to whom.
alter table api_tokens add column rule text references workload_rules (id);
alter table api_tokens add column workload jsonb;
create index api_tokens_by_rule on api_tokens (rule) where removed_at is null;

-- Tokens of platforms that were used, by digest: none is used twice. Gone when they count no more anyway.
create table workload_uses (
  use text primary key,
  until timestamptz not null
);
create index workload_uses_by_end on workload_uses (until);
