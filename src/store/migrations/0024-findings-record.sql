-- What of the findings follows from the ledger: the entry of an import or an act names digests over all that it
-- wrote, so that 100,000 results are one entry and none of them can be changed behind it.

-- Which import brought it: one that was slipped in would give a new hit the standing of an old finding.
alter table finding_fingerprints add column import text not null references finding_imports;
create index finding_fingerprints_of_import on finding_fingerprints (import);

alter table finding_imports
  alter column changes_digest set default '',
  add column observations_digest text not null default '',
  add column fingerprints_digest text not null default '',
  add column claims_digest text not null default '';

-- An act may be about many findings at once (a release went live without them); its changes are named likewise.
alter table finding_acts
  alter column finding drop not null,
  add column service text not null default '',
  add column changes_digest text not null default '';
create index finding_acts_of_service on finding_acts (service, at);
create index finding_acts_confirming on finding_acts (confirms) where confirms is not null;
create index finding_changes_of_act on finding_changes (act) where act is not null;
