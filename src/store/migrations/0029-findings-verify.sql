-- What the verification of findings looks for among all changes.
create index finding_changes_of_record on finding_changes (kind)
  where kind in ('fingerprint-moved', 'unseen', 'verified', 'false-positive', 'lower', 'raise');
