-- Who was asked to approve what, and what they signed.

-- One row for each content that people were asked about. It is void when what is there becomes something else or worse.
create table approval_requests (
  id text primary key,
  promotion text not null,
  service text not null,
  environment text not null,
  -- All that is signed but the answer itself.
  asked jsonb not null,
  -- Verdicts and findings, of which `asked` has the digest.
  basis jsonb not null,
  asked_at timestamptz not null default clock_timestamp(),
  voided_at timestamptz,
  -- What changed.
  why text,
  changes integer not null default 1
);
create unique index approval_requests_open on approval_requests (promotion) where voided_at is null;
create index approval_requests_of_lane on approval_requests (service, environment, asked_at);

-- One answer of a person to a request; the first stands, and nothing of it is changed.
create table approval_answers (
  -- Of the signed bytes, which are kept with what is stated about the release.
  id text primary key,
  request text not null references approval_requests (id),
  purpose text not null check (purpose in ('approve', 'reject')),
  person text not null,
  role text not null,
  key_id text not null,
  method text not null check (method in ('key', 'webauthn')),
  -- What a passkey said of itself: algorithm, count, backup flags.
  asserted jsonb,
  not_before timestamptz,
  expires_at timestamptz,
  answered_at timestamptz not null default clock_timestamp(),
  unique (request, person)
);

-- A passkey's signature is no envelope, and is kept as the browser gave it.
alter table attestations drop constraint attestations_format_check;
alter table attestations add constraint attestations_format_check
  check (format in ('dsse', 'sigstore', 'cms', 'cyclonedx', 'spdx', 'webauthn'));
