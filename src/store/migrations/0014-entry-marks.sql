-- Servers mark what they write, under a key that is not in the database: an entry on its way into the tree,
-- and the tree's head. What somebody else put there is never signed.

-- HMAC-SHA-256 over operation, kind, stream, actor and commitment.
alter table ledger_queue add column mark bytea;
-- The same over log, size, root, edge and time. Null while the tree is empty, and in a store from before.
alter table ledger_tree add column mark bytea;

-- What stood among the entries and no server had written: set aside, so that the log goes on and its
-- operation can still be recorded. Each is named by an entry `ledger.rejected`.
create table ledger_rejected (
  entry bigint primary key,
  operation text,
  kind text,
  stream text,
  actor text,
  commitment bytea,
  salt bytea,
  payload json,
  at timestamptz,
  rejected_at timestamptz not null default clock_timestamp()
);
create trigger ledger_rejected_append_only
  before update or delete on ledger_rejected for each row execute function refuse_change();
create trigger ledger_rejected_no_truncate
  before truncate on ledger_rejected for each statement execute function refuse_change();

-- An entry leaves the table only when it was set aside, and never once it stands in the tree.
create function refuse_entry_delete() returns trigger language plpgsql as $$
begin
  if exists (select from ledger_rejected where entry = old.entry)
    and not exists (select from ledger_leaves where entry = old.entry)
  then
    return old;
  end if;
  raise exception 'the ledger is append-only: delete on ledger_entries is refused'
    using errcode = 'insufficient_privilege';
end $$;
drop trigger ledger_entries_no_delete on ledger_entries;
create trigger ledger_entries_no_delete
  before delete on ledger_entries for each row execute function refuse_entry_delete();
