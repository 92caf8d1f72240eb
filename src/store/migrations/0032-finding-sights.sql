-- What changes with every sight of a finding, apart from what hardly ever changes: an import that sees 100,000 known
-- findings again wrote 100,000 wide rows and eight index entries for each. These are narrow, have room beside them, and
-- no index but their key, so that a new version costs no index anything.
create table finding_sights (
  finding bigint primary key,
  last_seen timestamptz not null,
  -- The newest release that it was seen in.
  last_release text,
  -- Of its newest observation: its place for other tools. Looked for among those of one release, a whole report at once.
  spot text
) with (fillfactor = 50);
insert into finding_sights (finding, last_seen, last_release, spot)
select id, last_seen, last_release, spot from findings;
drop index findings_of_spot;
alter table findings drop column last_seen, drop column last_release, drop column spot;
