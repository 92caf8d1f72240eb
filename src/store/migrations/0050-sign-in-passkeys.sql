-- Passkeys that sign people in. They are no keys of approvals: those stand with the keys of people, and none is both.
create table passkeys (
  id text primary key,
  -- Pseudonym.
  person text not null,
  -- As its owner calls it.
  name text not null,
  credential_id text not null unique,
  -- SHA-256 of the COSE key.
  key_id text not null unique,
  -- Credential id, COSE key, relying party, origin, model, and whether the key can be copied.
  credential jsonb not null,
  algorithm text not null,
  added_at timestamptz not null default clock_timestamp(),
  added_by text not null,
  removed_at timestamptz,
  removed_by text,
  changes integer not null default 1
);
create index passkeys_by_person on passkeys (person);

-- What one said of itself when it was used last: it finds copies, and opens nothing.
create table passkey_uses (
  passkey text primary key references passkeys (id),
  sign_count bigint not null,
  backed_up boolean not null,
  last_at timestamptz
);

-- Challenges that were answered, until they end: each counts once. Those that nobody has answered are nowhere.
create table passkey_challenges (
  digest text primary key,
  ends_at timestamptz not null
);
create index passkey_challenges_ended on passkey_challenges (ends_at);
