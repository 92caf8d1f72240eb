-- What is stated about releases: our own envelopes, and what was handed in. A row is about one release; the
-- entry of the ledger that names its digest is written in the same transaction.
create table attestations (
  release text not null references releases (id),
  -- SHA-256 of the bytes as they are.
  digest text not null,
  format text not null check (format in ('dsse', 'sigstore', 'cms', 'cyclonedx', 'spdx')),
  predicate_type text,
  -- `own`: made by the engine about what it did; `made`: an SBOM made from the release's tree; `given`: handed in.
  origin text not null check (origin in ('own', 'made', 'given')),
  -- What it is about within the release's way: a promotion, a check run.
  about text,
  size integer not null check (size >= 0),
  -- Null: the content store has it, or it was erased.
  content bytea,
  added_at timestamptz not null default clock_timestamp(),
  added_by text not null,
  erased_at timestamptz,
  primary key (release, digest),
  check (erased_at is null or content is null)
);
create index attestations_about on attestations (about) where about is not null;
