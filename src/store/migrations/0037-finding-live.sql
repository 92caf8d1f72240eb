-- Which findings are live where, as it was computed when a service's imports and live releases were these; whoever reads
-- compares the marks, and computes anew where they have moved on.
create table finding_live (
  environment text not null,
  finding bigint not null,
  service text not null,
  primary key (environment, finding)
);
create index finding_live_of_service on finding_live (service);

create table finding_live_marks (
  service text primary key,
  live text not null,
  import bigint not null
);

-- Forgotten, everything is looked at again.
delete from finding_sweeps;
