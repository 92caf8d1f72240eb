-- A leaf beyond the end of the tree is no server's: the sequencer writes leaves and size together. Whoever put it
-- there would hold up the leaf that belongs there, so it may be taken out. Leaves of the tree stay append-only.
create function refuse_leaf_delete() returns trigger language plpgsql as $$
begin
  if old.index >= (select size from ledger_tree) then
    return old;
  end if;
  raise exception 'the ledger is append-only: delete on ledger_leaves is refused'
    using errcode = 'insufficient_privilege';
end $$;
drop trigger ledger_leaves_append_only on ledger_leaves;
create trigger ledger_leaves_append_only
  before update on ledger_leaves for each row execute function refuse_change();
create trigger ledger_leaves_no_delete
  before delete on ledger_leaves for each row execute function refuse_leaf_delete();
