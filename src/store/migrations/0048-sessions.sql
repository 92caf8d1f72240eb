-- Who is signed in, where. A session is found by the SHA-256 of its secret, which has 256 random bits and is nowhere.

create table sessions (
  id text primary key,
  digest text not null unique,
  -- Made with a key that is not in the database: a row that nobody signed in for is no session.
  seal text not null,
  -- Pseudonym of whose it is.
  person text not null,
  -- How they proved who they are, and who said so where it was somebody else.
  methods text[] not null,
  issuer text,
  -- A browser's cookie, or a program's Authorization header: what was given for one is not taken from the other.
  carried text not null check (carried in ('cookie', 'bearer')),
  -- Network and program, never a whole address.
  place text not null,
  program text not null,
  created_at timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
  last_seen_at timestamptz not null default clock_timestamp(),
  idle_ms bigint not null,
  idle_until timestamptz not null,
  expires_at timestamptz not null,
  removed_at timestamptz,
  removed_by text
);
create index sessions_by_person on sessions (person);

-- What a server remembers of a session counts no more when it ends earlier than it would have. That somebody is still
-- there changes nothing for anybody.
create function change_access_version_by_row() returns trigger language plpgsql as $$
begin
  update access_version set version = gen_random_uuid();
  return null;
end $$;
create trigger sessions_access after update on sessions for each row
  when (new.removed_at is distinct from old.removed_at or new.idle_until < old.idle_until
    or new.expires_at <> old.expires_at or new.seal <> old.seal or new.person <> old.person)
  execute function change_access_version_by_row();
create trigger sessions_gone after delete on sessions for each row
  execute function change_access_version_by_row();
create trigger sessions_emptied after truncate on sessions
  for each statement execute function change_access_version();
