-- Who vouches for what made an identity what it is: a third person by signature, or a provider of identities.
create table person_vouches (
  -- Digest of the signed envelope; of a provider's, of what it said.
  id text primary key,
  -- Pseudonym of whom it is about.
  person text not null,
  -- Pseudonym of the third person; null: a provider.
  voucher text,
  issuer text,
  key_id text,
  -- Operations of the entries that are vouched for, and of nothing that comes later.
  acts jsonb not null,
  -- Base64; null: a provider signs nothing of ours.
  envelope text,
  added_at timestamptz not null default clock_timestamp(),
  added_by text not null,
  check ((voucher is null) <> (issuer is null)),
  check ((voucher is null) = (envelope is null))
);
create index person_vouches_of on person_vouches (person);

-- Who is here no more, or not for now. Each word is a row of its own: `active` takes back every earlier one.
create table person_standings (
  person text not null,
  version integer not null check (version > 0),
  state text not null check (state in ('active', 'suspended', 'left')),
  -- From then on, also when it is still to come.
  from_at timestamptz not null,
  reason text not null,
  set_by text not null,
  set_at timestamptz not null default clock_timestamp(),
  primary key (person, version)
);
create trigger person_standings_access after insert or update or delete or truncate on person_standings
  for each statement execute function change_access_version();

-- From when on nothing of this person counts; null: no such day is known.
create function person_ends(who text) returns timestamptz language sql stable as $$
  select min(s.from_at) from person_standings s
  where s.person = who and s.state <> 'active' and s.version > coalesce(
    (select max(a.version) from person_standings a where a.person = who and a.state = 'active'), 0)
$$;

-- What made an identity is found in the ledger itself.
create index ledger_entries_of_person on ledger_entries ((payload ->> 'person'))
  where stream = 'system';
