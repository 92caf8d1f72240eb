-- Each gate asks whether a run of the service that the log has is gone from the database.
create index ledger_entries_reported on ledger_entries (stream text_pattern_ops, entry) where kind = 'check.reported';
create index ledger_entries_erased on ledger_entries ((payload ->> 'operation')) where kind = 'payload.erased';
