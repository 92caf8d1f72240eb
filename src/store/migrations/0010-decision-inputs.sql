-- What a gate looked at, as it was hashed: an auditor decides again from it. Named by `decisions.decision ->>
-- 'inputs' and by the ledger's entry; text, because its bytes are what has the digest.
create table decision_inputs (
  digest text primary key,
  content text not null
);
