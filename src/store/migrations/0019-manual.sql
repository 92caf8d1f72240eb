-- Checks that people answer: whose signature counts, who may do what, what was asked and answered.

-- Public keys of people, who stand here by pseudonym: erasing a person leaves signatures that verify.
create table person_keys (
  -- SHA-256 of the SubjectPublicKeyInfo.
  key_id text primary key,
  person text not null,
  -- PEM.
  public_key text not null,
  added_at timestamptz not null default clock_timestamp(),
  added_by text not null,
  removed_at timestamptz,
  removed_by text,
  changes integer not null default 1
);
create index person_keys_by_person on person_keys (person);

-- Names that are one person's: e-mail addresses of commits, names under which somebody acts here.
create table person_links (
  same text primary key,
  person text not null,
  added_at timestamptz not null default clock_timestamp(),
  added_by text not null,
  check (same <> person)
);
create index person_links_by_person on person_links (person);

-- Who may do what, and where; null: everywhere. Nobody may what no row grants.
create table grants (
  id text primary key,
  person text not null,
  "right" text not null,
  service text,
  environment text,
  added_at timestamptz not null default clock_timestamp(),
  added_by text not null,
  removed_at timestamptz,
  removed_by text,
  changes integer not null default 1
);
create index grants_by_right on grants ("right", person);

-- One row for each time that people are asked: the wait is this row and costs nothing.
create table check_requests (
  id text primary key,
  run text not null unique,
  promotion text not null,
  "check" text not null,
  role text not null,
  service text not null,
  environment text not null,
  colour text,
  release text not null,
  configuration text not null,
  plan text not null,
  -- Of the log in which the answer counts.
  ledger text not null,
  form jsonb not null,
  form_digest text not null,
  asked_at timestamptz not null default clock_timestamp(),
  answer_until timestamptz not null,
  begun_at timestamptz,
  -- Digest of the signed envelope.
  answer text,
  answered_at timestamptz,
  valid_until timestamptz,
  person text,
  key_id text,
  separation text,
  -- The request that was answered first, when its answer is used again.
  reuses text,
  changes integer not null default 1
);
create index check_requests_of_promotion on check_requests (promotion);
create index check_requests_to_reuse on check_requests (service, environment, release, form_digest)
  where answer is not null;
