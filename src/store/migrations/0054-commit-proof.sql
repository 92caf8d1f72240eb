-- A person's key that signs commits and nothing else: an OpenSSH public key, without its comment.
alter table person_keys add column commits boolean not null default false;
-- The commits of a release as git keeps them.
alter table attestations drop constraint attestations_format_check;
alter table attestations add constraint attestations_format_check
  check (format in ('dsse', 'sigstore', 'cms', 'cyclonedx', 'spdx', 'webauthn', 'git-commits'));
