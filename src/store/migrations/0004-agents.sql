-- The host agents we know, and their signed journals as taken in.

create table agents (
  agent_id text primary key,
  -- SPKI PEM (Ed25519), pinned when the agent is first met over its private socket.
  public_key text not null,
  first_seen timestamptz not null default clock_timestamp(),
  imported_sequence integer not null default 0,
  imported_hash text not null default repeat('0', 64)
);

create table agent_journal (
  agent_id text not null references agents,
  sequence integer not null,
  at timestamptz not null,
  kind text not null,
  lane text,
  operation text,
  detail jsonb not null,
  previous text not null,
  signature text not null,
  imported_at timestamptz not null default clock_timestamp(),
  primary key (agent_id, sequence)
);
create trigger agent_journal_append_only
  before update or delete on agent_journal for each row execute function refuse_change();
create trigger agent_journal_no_truncate
  before truncate on agent_journal for each statement execute function refuse_change();
