-- Tokens of people and machines, roles, and who has them. Nobody may what no row gives.

create table api_tokens (
  id text primary key,
  name text not null,
  -- SHA-256 of the token, which has 256 random bits; the token itself is nowhere.
  digest text not null unique,
  -- Pseudonym of whose it is; null: a machine's.
  person text,
  -- What it may. Of a person's, null: all that its person may, and no more than that in any case.
  role text,
  service text,
  environment text,
  expires_at timestamptz not null,
  added_at timestamptz not null default clock_timestamp(),
  added_by text not null,
  removed_at timestamptz,
  removed_by text,
  changes integer not null default 1,
  check (person is not null or role is not null)
);
create index api_tokens_by_person on api_tokens (person);

-- Roles besides those that come along.
create table roles (
  name text primary key,
  says text not null,
  permissions jsonb not null,
  defined_at timestamptz not null default clock_timestamp(),
  defined_by text not null,
  changes integer not null default 1
);

create table role_assignments (
  id text primary key,
  -- To a person, by pseudonym, or to a token.
  person text,
  token text references api_tokens (id),
  role text not null,
  -- Null: every one.
  service text,
  environment text,
  added_at timestamptz not null default clock_timestamp(),
  added_by text not null,
  removed_at timestamptz,
  removed_by text,
  changes integer not null default 1,
  check ((person is null) <> (token is null))
);
create index role_assignments_of_person on role_assignments (person) where removed_at is null;
create index role_assignments_of_token on role_assignments (token) where removed_at is null;

-- When a token was used last, and from where, roughly: to find those that nobody uses, and those that many share.
create table token_uses (
  token text not null references api_tokens (id),
  -- Network and program, never a whole address.
  place text not null,
  first_at timestamptz not null default clock_timestamp(),
  last_at timestamptz not null default clock_timestamp(),
  primary key (token, place)
);
