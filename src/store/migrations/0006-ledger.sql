-- The ledger as a Merkle tree (RFC 6962 hashing). No release carried the tables this replaces, so they go.

drop function append_entry(text, text, text, text, jsonb);
drop table ledger_entries;
drop table ledger_streams;

-- What was recorded, in one insert of the caller's transaction. Never changed afterwards; only salt and
-- payload can be taken away, together, which leaves leaf and proofs valid.
create table ledger_entries (
  entry bigint generated always as identity primary key,
  -- Deterministic: the same operation and kind is the same entry, written once.
  operation text not null check (length(operation) between 1 and 1024),
  kind text not null,
  stream text not null,
  -- `tidelock`, `agent`, or `person:<pseudonym>`.
  actor text not null,
  -- HMAC-SHA-256 over the payload's canonical JSON, keyed with the salt.
  commitment bytea not null check (length(commitment) = 32),
  salt bytea check (length(salt) = 32),
  -- `json`, not `jsonb`: the canonical text stays as it was committed to.
  payload json,
  at timestamptz not null default clock_timestamp(),
  unique (operation, kind),
  check ((salt is null) = (payload is null))
);

-- Entries that are not in the tree yet. The sequencer empties it, never by a watermark: an identity counts
-- in the order of inserts, not of commits.
create table ledger_queue (
  -- No index: it is emptied several times a second, and every append would pay for it.
  entry bigint not null
);

-- Appends one entry, once. A function, because its plan is made once a connection and not once an entry.
-- Answers why nothing may be written, or null.
create function append_entry(
  p_operation text, p_kind text, p_stream text, p_actor text, p_commitment bytea, p_salt bytea,
  p_payload json
) returns text language plpgsql as $$
begin
  with fresh as (
    insert into ledger_entries (operation, kind, stream, actor, commitment, salt, payload)
    values (p_operation, p_kind, p_stream, p_actor, p_commitment, p_salt, p_payload)
    on conflict (operation, kind) do nothing
    returning entry
  )
  insert into ledger_queue select entry from fresh;
  return (select behind from ledger_tree);
end $$;

-- Where an entry stands in the tree. With its row of ledger_entries it gives the leaf's bytes.
create table ledger_leaves (
  index bigint primary key check (index >= 0),
  entry bigint not null unique,
  stream text not null,
  sequence bigint not null check (sequence > 0),
  -- Leaf hash of the stream's entry before.
  previous bytea check (length(previous) = 32),
  -- Milliseconds; never behind the leaf before.
  time timestamptz not null,
  hash bytea not null check (length(hash) = 32),
  unique (stream, sequence),
  check ((sequence = 1) = (previous is null))
);

-- Roots of the full subtrees of 256, 256^2, … leaves: level 1 and up of the tiles (C2SP tlog-tiles).
create table ledger_nodes (
  level smallint not null check (level between 1 and 7),
  index bigint not null check (index >= 0),
  hash bytea not null check (length(hash) = 32),
  primary key (level, index)
);

-- One row; its lock is what makes the sequencer one.
create table ledger_tree (
  singleton boolean primary key default true check (singleton),
  -- Counts successors: `tidelock/<store id>`, `tidelock/<store id>/2`, …
  log integer not null default 1 check (log > 0),
  size bigint not null default 0 check (size >= 0),
  root bytea not null default sha256(''),
  -- Roots of the perfect subtrees from left to right (32 bytes each): what the next leaf is added to.
  frontier bytea not null default '',
  last_time timestamptz,
  -- Set while this database is known to be older than the world: nothing is decided until it is recovered.
  behind text
);
insert into ledger_tree default values;

-- What was shown to anybody: by the key, never two roots for one size of one log.
create table ledger_checkpoints (
  log integer not null,
  size bigint not null check (size > 0),
  root bytea not null check (length(root) = 32),
  -- The signed note (C2SP tlog-checkpoint), our signatures only.
  note text not null,
  at timestamptz not null default clock_timestamp(),
  primary key (log, size)
);

-- People appear by pseudonym; erasing the person leaves the pseudonym, which then means nobody.
create table ledger_people (
  pseudonym text primary key,
  person text unique,
  since timestamptz not null default clock_timestamp(),
  erased_at timestamptz,
  check ((person is null) = (erased_at is not null))
);

-- Signing keys. The private half is sealed under the server's key file, or never here (given from outside).
create table ledger_keys (
  -- First eight bytes of the public key's SHA-256, hex: the same under every name it signs with.
  key_id text primary key,
  use text not null check (use in ('log', 'evidence')),
  public_key bytea not null unique check (length(public_key) = 32),
  sealed bytea,
  added_at timestamptz not null default clock_timestamp(),
  -- From then on it signs nothing; between a rotation and then both keys sign.
  signs_until timestamptz,
  retired_at timestamptz,
  compromised_at timestamptz,
  -- The last size of the log whose checkpoint is believed although this key signed it.
  trusted_size bigint,
  changes integer not null default 0
);

-- Who else looks at our log, and what they signed; where checkpoints are written down elsewhere.
create table ledger_witnesses (
  name text primary key,
  -- A verifier key of the signed-note format.
  key text not null,
  url text not null,
  operator text not null,
  added_at timestamptz not null default clock_timestamp(),
  removed_at timestamptz
);
create table ledger_cosignatures (
  log integer not null,
  size bigint not null,
  witness text not null,
  -- The signature line of the note, as the witness gave it.
  line text not null,
  at timestamptz not null default clock_timestamp(),
  primary key (log, size, witness)
);
create table ledger_anchors (
  name text primary key,
  kind text not null,
  settings jsonb not null,
  added_at timestamptz not null default clock_timestamp(),
  removed_at timestamptz
);
create table ledger_anchored (
  anchor text not null,
  log integer not null,
  size bigint not null,
  -- Where it can be found: a commit, a path.
  place text not null,
  at timestamptz not null default clock_timestamp(),
  primary key (anchor, log, size)
);

create function refuse_entry_change() returns trigger language plpgsql as $$
begin
  if old.payload is not null and new.payload is null and new.salt is null
    and (new.entry, new.operation, new.kind, new.stream, new.actor, new.commitment, new.at)
      = (old.entry, old.operation, old.kind, old.stream, old.actor, old.commitment, old.at)
  then
    return new;
  end if;
  raise exception 'the ledger is append-only: only payload and salt can be erased, together'
    using errcode = 'insufficient_privilege';
end $$;
create trigger ledger_entries_append_only
  before update on ledger_entries for each row execute function refuse_entry_change();
create trigger ledger_entries_no_delete
  before delete on ledger_entries for each row execute function refuse_change();

create trigger ledger_leaves_append_only
  before update or delete on ledger_leaves for each row execute function refuse_change();
create trigger ledger_nodes_append_only
  before update or delete on ledger_nodes for each row execute function refuse_change();
create trigger ledger_checkpoints_append_only
  before update or delete on ledger_checkpoints for each row execute function refuse_change();
create trigger ledger_keys_no_delete
  before delete on ledger_keys for each row execute function refuse_change();

create trigger ledger_entries_no_truncate
  before truncate on ledger_entries for each statement execute function refuse_change();
create trigger ledger_leaves_no_truncate
  before truncate on ledger_leaves for each statement execute function refuse_change();
create trigger ledger_nodes_no_truncate
  before truncate on ledger_nodes for each statement execute function refuse_change();
create trigger ledger_checkpoints_no_truncate
  before truncate on ledger_checkpoints for each statement execute function refuse_change();

-- Which program wrote here last, and how often that changed.
alter table store add column program_version text;
alter table store add column program_changes integer not null default 0;

-- Rows that change are counted, so that each change is an entry of its own and an older one cannot be
-- put in its place.
alter table documents add column changes integer not null default 0;
alter table lanes add column changes integer not null default 0;
alter table deployments add column changes integer not null default 0;
alter table promotions add column changes integer not null default 0;
alter table promotion_steps add column changes integer not null default 0;
