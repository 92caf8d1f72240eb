-- When evidence turns out wrong: what decisions leaned on, what is published about it later, and what was decided again.

-- What releases are made of, out of their SBOMs: each package version once, however many releases have it.
create table components (
  id bigint generated always as identity primary key,
  -- As advisories name it (osv.dev): `npm`, `PyPI`, `Go` …
  ecosystem text collate "C" not null,
  name text collate "C" not null,
  version text collate "C" not null,
  -- Digest of the edition of advisories that it was last held against.
  held_against text,
  unique (ecosystem, name, version)
);
create index components_unheld on components (held_against);

create table release_components (
  component bigint not null references components,
  release text not null references releases,
  primary key (component, release)
);
create index release_components_of_release on release_components (release);

-- Which SBOMs are in the index. One that is not is read at the next look.
create table release_boms (
  release text not null references releases,
  digest text not null,
  components integer not null,
  -- Why it could not be read; null where it was.
  problem text,
  primary key (release, digest)
);

-- Published flaws of components, as the edition that counts has them.
create table component_flaws (
  component bigint not null references components,
  advisory text not null,
  aliases text[] not null,
  severity text not null,
  fixed_in text,
  -- When it came here, or became worse.
  since timestamptz not null,
  -- The edition that brought it, made it worse, or took it back.
  edition text not null,
  withdrawn boolean not null default false,
  primary key (component, advisory)
);
create index component_flaws_of_edition on component_flaws (edition);

-- What a decision leaned on, beside its release: `run`, `waiver`, `promotion` (before it).
create table decision_leans (
  kind text not null,
  what text not null,
  promotion text not null,
  step integer not null,
  primary key (kind, what, promotion, step)
);
insert into decision_leans (kind, what, promotion, step)
select distinct 'run', e.item ->> 'run', d.promotion, d.step
from decisions d join decision_inputs i on i.digest = d.decision ->> 'inputs',
  lateral jsonb_array_elements(case when jsonb_typeof(i.content::jsonb -> 'evidence') = 'array'
    then i.content::jsonb -> 'evidence' else '[]' end) as e (item)
where e.item ->> 'run' is not null
union
select 'waiver', w.id, d.promotion, d.step
from decisions d join decision_inputs i on i.digest = d.decision ->> 'inputs',
  lateral jsonb_array_elements(case when jsonb_typeof(i.content::jsonb -> 'evidence') = 'array'
    then i.content::jsonb -> 'evidence' else '[]' end) as e (item),
  lateral jsonb_array_elements_text(case when jsonb_typeof(e.item -> 'leansOn') = 'array'
    then e.item -> 'leansOn' else '[]' end) as w (id)
union
select 'waiver', substring(r.said ->> 'message' from '; accepted by (\S+) until'), d.promotion, d.step
from decisions d, lateral jsonb_array_elements(d.decision -> 'reasons') as r (said)
where r.said ->> 'rule' = 'check.waived' and r.said ->> 'message' ~ '; accepted by \S+ until';

-- What came after decisions that leaned on something else. Its id is made of what it is, so that it is one however often
-- it is noticed.
create table causes (
  id text primary key,
  kind text not null,
  message text not null,
  at timestamptz not null default clock_timestamp()
);

-- Where a cause has to be decided again; the row is the place where whoever was killed goes on.
create table cause_places (
  cause text not null references causes,
  service text not null,
  environment text not null,
  -- `live`; `old`: what could take the traffic back; `open`: a promotion that is under way.
  place text not null check (place in ('live', 'old', 'open')),
  decided_at timestamptz,
  -- `stands`, `contradicted`, `unknown` (nothing to decide from), `gone` (it is not there any more), `woken`.
  result text,
  primary key (cause, service, environment, place)
);
create index cause_places_open on cause_places (service, environment) where decided_at is null;

alter table deployments add column contradicted_at timestamptz;
alter table deployments add column contradicted_reason text;
create index deployments_contradicted on deployments (id) where contradicted_at is not null;

-- What is to be done about what is live and contradicted, and what was done.
create table incidents (
  deployment bigint primary key references deployments,
  cause text not null,
  -- Whether users met it when it was contradicted.
  live boolean not null,
  at timestamptz not null default clock_timestamp(),
  handled_at timestamptz,
  handled text
);
create index incidents_open on incidents (deployment) where handled_at is null;

-- From here on: what was there before was there when it was decided.
create table cause_marks (
  kind text primary key,
  mark text not null
);
insert into cause_marks values
  ('imports', (select coalesce(max(number), 0)::text from finding_imports)),
  ('kev', coalesce((select digest from feeds where kind = 'kev'), '')),
  ('keys', clock_timestamp()::text);
