-- Who somebody is at a provider of identities: by its issuer and its own name for them, never by an address.

create table person_identities (
  id text primary key,
  -- Pseudonym.
  person text not null,
  issuer text not null,
  -- SHA-256 of issuer and subject: enough to know them again.
  identity text not null,
  -- That two people have signed, in `team`.
  proposal text,
  added_at timestamptz not null default clock_timestamp(),
  added_by text not null,
  removed_at timestamptz,
  removed_by text,
  changes integer not null default 1
);
create unique index person_identities_once on person_identities (identity) where removed_at is null;
create index person_identities_of on person_identities (person);

-- What a provider said of a sign-in, and the roles that its groups gave for as long as the session lasts.
alter table sessions add column provider jsonb;
create trigger sessions_provider after update on sessions for each row
  when (new.provider is distinct from old.provider) execute function change_access_version_by_row();
