-- Whose session said yes to a program that waits, and a seal over it that only a server can make.
alter table login_requests add column session text, add column seal text;

-- Roles of a provider's groups count only while one person alone decides.
create trigger governance_access after insert or update or delete or truncate on governance
  for each statement execute function change_access_version();
