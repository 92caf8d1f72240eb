-- Passkeys that sign approvals. They are keys of people like others, and sign nothing else here.
alter table person_keys add column webauthn jsonb;
