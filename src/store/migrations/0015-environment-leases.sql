-- An environment that one check has to itself. It counts while its promotion runs and is not ending.
create table environment_leases (
  environment text primary key,
  promotion text not null,
  "check" text not null,
  since timestamptz not null default clock_timestamp()
);
