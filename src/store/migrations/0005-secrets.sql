-- The local secret store: ciphertext only. The key lies in a file of the server, never here.

create table secrets (
  service text not null,
  environment text not null,
  name text not null,
  version integer not null check (version > 0),
  -- First eight bytes of the key's SHA-256, hex: says which key, tells nothing about it.
  key_id text not null,
  -- Nonce (12 bytes), ciphertext, tag (16 bytes) of AES-256-GCM.
  sealed bytea not null,
  created_at timestamptz not null default clock_timestamp(),
  created_by text not null,
  primary key (service, environment, name, version)
);
