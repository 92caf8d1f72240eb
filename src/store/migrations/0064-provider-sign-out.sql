-- What the provider wants to see again when somebody signs out there (`id_token_hint`): the id token, encrypted with a key
-- that is not in the database. Gone when the session ends.
alter table sessions add column provider_hint text;
