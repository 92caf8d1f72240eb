-- Failed sign-ins of a day (UTC), until the day's entry of the ledger has them. However many names and addresses a stranger
-- makes up, these are few rows: kinds of networks times the accounts that there are, and one for all names that are nobody's.
create table sign_in_days (
  day date not null,
  network text not null check (network in ('this-machine', 'private', 'internet')),
  -- Pseudonym; empty: a name that has no account.
  account text not null,
  tries bigint not null default 1,
  primary key (day, network, account)
);
