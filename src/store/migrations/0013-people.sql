-- Who a pseudonym is stands in the log as a keyed digest of the name: a person who is swapped for another is
-- noticed, and once the key here is erased with the name, the digest tells nothing.
-- Rows from before have no key and no entry: they get both when their person acts again.
alter table ledger_people add column nonce bytea check (length(nonce) = 32);
alter table ledger_people add column changes integer not null default 0;
alter table ledger_people add check (person is not null or nonce is null);
