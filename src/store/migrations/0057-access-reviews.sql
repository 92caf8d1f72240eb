-- Reviews of who can do what: a report as it was frozen, and what people signed about each of its lines.
create table access_reviews (
  id text primary key,
  -- Null: of every service.
  service text,
  due_at timestamptz not null,
  -- Canonical JSON of the lines, by pseudonym.
  report text not null,
  report_digest text not null,
  started_at timestamptz not null default clock_timestamp(),
  started_by text not null,
  closed_at timestamptz,
  changes integer not null default 1
);

create table access_review_words (
  -- Digest of the signed envelope.
  id text primary key,
  review text not null references access_reviews (id),
  person text not null,
  key_id text not null,
  -- What was said of each line, and what came of it.
  decisions jsonb not null,
  envelope text not null,
  added_at timestamptz not null default clock_timestamp(),
  added_by text not null
);
create index access_review_words_of on access_review_words (review);

-- When somebody told of a review that is over its day: once.
create table access_review_notices (
  review text primary key references access_reviews (id),
  at timestamptz not null default clock_timestamp()
);

-- What is really used: one row for each who, what and day, however often. Dropped after 400 days.
create table permission_uses (
  -- Pseudonym of a person, or a token's id.
  principal text not null,
  permission text not null,
  day date not null default current_date,
  primary key (principal, permission, day)
);
