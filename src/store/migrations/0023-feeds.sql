-- What others publish about vulnerabilities: which edition counts, and what is in it.
create table feeds (
  kind text primary key,
  digest text not null,
  as_of timestamptz not null,
  version text not null,
  records integer not null,
  -- SHA-256 of the records as they stand in the database, in the order of their CVEs.
  content_digest text not null,
  -- Why one with fewer records than the one before was taken; null where it had not shrunk.
  fewer text,
  imported_at timestamptz not null default clock_timestamp(),
  imported_by text not null,
  changes integer not null default 1
);

create table epss_scores (
  cve text collate "C" primary key,
  epss double precision not null,
  percentile double precision not null
);

create table kev_entries (
  cve text collate "C" primary key,
  added text not null,
  due text,
  ransomware boolean not null,
  title text not null,
  action text not null
);
