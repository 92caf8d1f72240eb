-- Passkeys that sign approvals. They are keys of people like others, and sign nothing else here.
alter table person_keys add column webauthn jsonb;

-- A challenge that a browser is asked to make a passkey for; used once, and not for long.
create table passkey_challenges (
  id text primary key,
  person text not null,
  challenge bytea not null check (length(challenge) = 32),
  made_at timestamptz not null default clock_timestamp()
);
