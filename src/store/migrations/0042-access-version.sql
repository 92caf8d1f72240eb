-- What a server remembers of tokens and roles counts only while this value is the same: every change of who may do what
-- makes it another one, in the transaction of the change, whoever makes it. Random, so that a database that was put back
-- never says what it said before of something else.
create table access_version (
  single boolean primary key default true check (single),
  version uuid not null default gen_random_uuid()
);
insert into access_version default values;

create function change_access_version() returns trigger language plpgsql as $$
begin
  update access_version set version = gen_random_uuid();
  return null;
end $$;

create trigger api_tokens_access after insert or update or delete or truncate on api_tokens
  for each statement execute function change_access_version();
create trigger roles_access after insert or update or delete or truncate on roles
  for each statement execute function change_access_version();
create trigger role_assignments_access after insert or update or delete or truncate on role_assignments
  for each statement execute function change_access_version();
-- A person who was erased is nobody's token's any more; meeting a new one changes nothing.
create trigger ledger_people_access after update or delete or truncate on ledger_people
  for each statement execute function change_access_version();
