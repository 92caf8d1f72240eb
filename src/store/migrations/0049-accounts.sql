-- How people sign in with a name and a password, and the links that let them begin. People are those of ledger_people.

create table account_links (
  id text primary key,
  -- SHA-256 of the link's secret, which has 256 random bits.
  digest text not null unique,
  -- `first`: makes an administrator, where there is none yet. `invite`: the first sign-in of somebody. `reset`: another
  -- password, and what else they had to sign in with is taken away.
  purpose text not null check (purpose in ('first', 'invite', 'reset')),
  -- Pseudonym of whom it is for; null: whoever opens it first says who they are.
  person text,
  -- Null: until it is used.
  expires_at timestamptz,
  added_at timestamptz not null default clock_timestamp(),
  -- The sponsor of whatever is signed up with it.
  added_by text not null,
  used_at timestamptz,
  removed_at timestamptz,
  changes integer not null default 1,
  check ((purpose = 'first') = (person is null))
);
create index account_links_by_person on account_links (person);

create table accounts (
  -- Pseudonym.
  person text primary key,
  -- PHC string (argon2id); null: they sign in otherwise.
  password text,
  -- Secret of the authenticator app, sealed with a key that is not in the database.
  totp bytea,
  -- The last time step whose code was taken: none counts twice.
  totp_step bigint not null default 0,
  -- SHA-256 of each recovery code that was not used yet.
  recovery text[] not null default '{}',
  -- The link that this began with: who made it is the sponsor.
  link text references account_links (id),
  locked boolean not null default false,
  added_at timestamptz not null default clock_timestamp(),
  changed_at timestamptz not null default clock_timestamp(),
  changed_by text not null,
  changes integer not null default 1
);

-- The token of the data directory counts as long as there is no row here that says it ended.
create table bootstrap (
  single boolean primary key default true check (single),
  ended boolean not null,
  changed_at timestamptz not null default clock_timestamp(),
  changed_by text not null,
  changes integer not null default 1
);

-- Failed sign-ins, counted: by the hour, network and a keyed digest of the name that was given, be it anybody's or not.
create table sign_in_failures (
  hour timestamptz not null,
  -- Of the name; or of a browser that is known.
  account text not null,
  network text not null,
  tries integer not null default 1,
  last_at timestamptz not null default clock_timestamp(),
  primary key (hour, account, network)
);
create index sign_in_failures_by_account on sign_in_failures (account, hour);
create index sign_in_failures_by_network on sign_in_failures (network, hour);

-- Programs that wait for somebody to say in a browser that they are theirs.
create table login_requests (
  digest text primary key,
  code text not null unique,
  place text not null,
  program text not null,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  -- Pseudonym of who said yes, and how they had signed in.
  person text,
  methods text[],
  issuer text,
  refused boolean not null default false
);

create trigger accounts_access after update on accounts for each row
  when (new.locked is distinct from old.locked or new.person <> old.person)
  execute function change_access_version_by_row();
create trigger accounts_gone after delete on accounts for each row
  execute function change_access_version_by_row();
create trigger bootstrap_access after insert or update or delete or truncate on bootstrap
  for each statement execute function change_access_version();
