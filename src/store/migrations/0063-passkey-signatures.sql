-- How often a passkey has signed, whatever it was about: looked up by key whenever one signs.
create index ledger_entries_passkey_signed on ledger_entries ((payload ->> 'key')) where kind = 'passkey.signed';
