-- What runtime controls saw of a release, as they reported it. A source's number is one signal, however often it is sent.
create table runtime_signals (
  source text not null,
  signal text not null,
  service text not null,
  environment text not null,
  release text not null,
  kind text not null,
  severity text not null,
  message text not null,
  at timestamptz not null default clock_timestamp(),
  added_by text not null,
  primary key (service, environment, source, signal)
);
create index runtime_signals_of_release on runtime_signals (service, environment, release, at);
