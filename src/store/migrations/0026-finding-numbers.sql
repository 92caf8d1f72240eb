-- Numbers about findings ask when they were closed, and since when some are called false positives.
create index findings_closed on findings (closed_at) where closed_at is not null;
create index finding_changes_to_false on finding_changes (finding, at) where to_status = 'false-positive';
