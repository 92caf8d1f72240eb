-- Which providers of identities may vouch for who somebody is. Each is an act of whoever asked for it and signed it: they
-- stand behind every word of that provider's.
create table vouching_providers (
  id text primary key,
  issuer text not null,
  -- What a sign-in has to have had besides being fresh: one of `acr`, one of `amr`. Null: nothing.
  demand jsonb,
  -- Pseudonyms of whoever can make accounts there, or sign in as others: they stand behind its words, too.
  administrators jsonb not null,
  -- How long a word counts. Days.
  days integer not null check (days between 1 and 365),
  -- That two people have signed, in `team`.
  proposal text,
  added_at timestamptz not null default clock_timestamp(),
  added_by text not null,
  removed_at timestamptz,
  removed_by text,
  changes integer not null default 1
);
create unique index vouching_providers_once on vouching_providers (issuer) where removed_at is null;

-- What a provider's word rests on: by which identity and setting, when it had asked, which token, until when it counts.
alter table person_vouches add column facts jsonb;
alter table person_vouches add check ((issuer is null) = (facts is null));
