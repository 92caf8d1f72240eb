import { sql } from "kysely";
import { canonicalJson, digestOfText } from "../../../src/model/canonical.ts";
import { Release, releaseId, treeMediaType } from "../../../src/model/release.ts";
import type { Digest } from "../../../src/model/primitives.ts";
import { decideGate, type GateInput } from "../../../src/policy/gate.ts";
import { demandDigest } from "../../../src/policy/evidence.ts";
import type { Db } from "../../../src/store/schema.ts";
import { findings, gateInput, rules } from "./decisions.ts";

/** A store in which many releases are live, each let through by a gate whose inputs are kept. */
export interface LiveReleases {
  readonly releases: number;
  /** Package versions that an SBOM lists. */
  readonly components: number;
  /** Findings that a gate saw. */
  readonly findings: number;
}

/** In every release, at the same version. */
export const everywhere = { name: "left-pad", version: "1.1.3" };

const environments = 10;
const packages = 5_000;
const chunk = 500;

const dependencies = {
  name: "deps",
  uses: "advisories",
  with: { failOn: "high" },
  phase: "static" as const,
  allowWarn: false,
};

/** Rows as promotions leave them; none of it is timed. */
export async function fillWithLive(db: Db, of: LiveReleases): Promise<void> {
  await sql`
    insert into components (ecosystem, name, version)
    select 'npm', 'package-' || n, '1.' || n || '.0' from generate_series(1, ${packages}) n
    union all select 'npm', ${everywhere.name}, ${everywhere.version}`.execute(db);
  const services = Math.ceil(of.releases / environments);
  await fillDocuments(db, services);
  for (let from = 0; from < of.releases; from += chunk) {
    const count = Math.min(chunk, of.releases - from);
    await fillReleases(
      db,
      Array.from({ length: count }, (_, at) => liveOne(of, from + at)),
    );
  }
  await sql`analyze`.execute(db);
}

async function fillDocuments(db: Db, services: number): Promise<void> {
  const names = Array.from({ length: environments }, (_, at) => ({ name: `e${at}` }));
  await sql`
    insert into documents (kind, name, version, digest, content, file, applied_by)
    select 'Pipeline', 's' || n, 1, 'sha256:p' || n,
      jsonb_build_object('kind', 'Pipeline', 'metadata', jsonb_build_object('name', 's' || n),
        'spec', jsonb_build_object('environments', ${JSON.stringify(names)}::jsonb)), 'tidelock.yaml', 'bench'
    from generate_series(0, ${services - 1}) n
    union all
    select 'Environment', 'e' || n, 1, 'sha256:e' || n,
      jsonb_build_object('kind', 'Environment', 'metadata', jsonb_build_object('name', 'e' || n),
        'spec', jsonb_build_object('floor', jsonb_build_object())), 'tidelock.yaml', 'bench'
    from generate_series(0, ${environments - 1}) n`.execute(db);
}

function liveOne({ findings: found, components }: LiveReleases, at: number) {
  const service = `s${Math.floor(at / environments)}`;
  const environment = `e${at % environments}`;
  const artifact = { name: "tree", digest: `sha256:${"c".repeat(64)}`, size: 1, mediaType: treeMediaType }; // prettier-ignore
  const release = Release.parse({
    kind: "Release",
    formatVersion: 1,
    service,
    version: `1.0.${at}`,
    artifacts: [artifact],
    source: { kind: "none" },
    build: { kind: "finished" },
    configuration: [],
  });
  const id = releaseId(release);
  const { decision, text } = letThrough(found, { service, environment, release: id });
  const live = { colour: "blue", release: `sha256:${"b".repeat(64)}`, configuration };
  const plan = {
    formatVersion: 1,
    kind: "promotion",
    lane: { service, environment },
    release: id,
    configuration,
    pipeline: `sha256:${"1".repeat(64)}`,
    environment: `sha256:${"2".repeat(64)}`,
    gate: "strict",
    minimumIsolation: "separate-user",
    soakMs: 0,
    live,
    checks: [dependencies],
    steps: Array.from({ length: 14 }, () => ({ kind: "gate" })),
  };
  const made = Array.from({ length: components - 1 }, (_, n) => ((at * 37 + n * 101) % packages) + 1); // prettier-ignore
  return { id, release, service, environment, decision, text, plan, made, promotion: `p${at}` };
}

const configuration: Digest = `sha256:${"a".repeat(64)}`;
const templates = new Map<number, { readonly input: GateInput; readonly text: string }>();

/** Of one template: only whose it is differs, as the text of inputs with a hundred findings takes long to make. */
function letThrough(
  found: number,
  of: { readonly service: string; readonly environment: string; readonly release: Digest },
) {
  const template = templates.get(found) ?? makeTemplate(found);
  templates.set(found, template);
  const text = template.text
    .replaceAll('"~service~"', JSON.stringify(of.service))
    .replaceAll('"~environment~"', JSON.stringify(of.environment))
    .replaceAll(releaseMark, of.release);
  const { decision } = decideGate("strict", template.input);
  if (decision.outcome !== "allow") throw new Error(decision.reasons[0]?.message);
  return { text, decision: { ...decision, inputs: digestOfText(text) } };
}

const releaseMark = `sha256:${"f".repeat(64)}`;

function makeTemplate(found: number): { readonly input: GateInput; readonly text: string } {
  const input = gateInput(findings(found), rules(10));
  const own = {
    service: "~service~",
    environment: "~environment~",
    release: releaseMark as Digest,
  };
  const scan = {
    ...own,
    check: dependencies.name,
    demand: demandDigest(dependencies),
    configuration: null,
    colour: null,
    verdict: "pass" as const,
    exercised: { requests: 0, assertions: 0, files: 4 },
    summary: "120 packages, no hit",
    at: input.now,
    expiresAt: null,
  };
  const { facts } = input;
  if (!facts) throw new Error("no facts");
  const made: GateInput = {
    ...input,
    subject: { ...input.subject, ...own },
    checks: [...input.checks, dependencies],
    evidence: [...input.evidence.map((one) => ({ ...one, ...own })), scan],
    facts: {
      ...facts,
      service: own.service,
      environment: { ...facts.environment, name: own.environment },
      release: { ...facts.release, digest: own.release },
    },
  };
  return { input: made, text: canonicalJson(decideGate("strict", made).inputs) };
}

type One = ReturnType<typeof liveOne>;

async function fillReleases(db: Db, all: readonly One[]): Promise<void> {
  const texts = (text: (one: One) => string) => all.map(text);
  const ids = texts(({ id }) => id);
  const lanes = sql`${texts(({ service }) => service)}::text[], ${texts(({ environment }) => environment)}::text[]`;
  const promotions = texts(({ promotion }) => promotion);
  await sql`
    insert into releases (id, service, version, content, created_by)
    select *, 'bench' from unnest(${ids}::text[], ${texts(({ service }) => service)}::text[],
      ${texts(({ release }) => release.version)}::text[], ${texts(({ release }) => JSON.stringify(release))}::jsonb[])`.execute(
    db,
  );
  await sql`
    insert into release_components (component, release)
    select distinct c.id, r.release
    from unnest(${all.flatMap(({ id, made }) => made.map(() => id))}::text[],
      ${all.flatMap(({ made }) => made.map((n) => `package-${n}`))}::text[]) as r (release, name)
    join components c on c.ecosystem = 'npm' and c.name = r.name
    union
    select c.id, r.release from unnest(${ids}::text[]) as r (release), components c where c.name = ${everywhere.name}`.execute(
    db,
  );
  await sql`
    insert into lanes (service, environment, live_colour, live_release, live_configuration, live_promotion, live_since, changes)
    select service, environment, 'green', release, ${configuration}, promotion, clock_timestamp(), 1
    from unnest(${lanes}, ${ids}::text[], ${promotions}::text[]) as l (service, environment, release, promotion)`.execute(
    db,
  );
  await sql`
    insert into promotions (id, kind, service, environment, release, configuration, configuration_version, plan_format,
      plan, plan_digest, state, created_by)
    select p.id, 'promotion', p.service, p.environment, p.release, ${configuration}, 1, 1, p.plan, ${`sha256:${"3".repeat(64)}`}, 'complete', 'bench'
    from unnest(${promotions}::text[], ${lanes}, ${ids}::text[], ${texts(({ plan }) => JSON.stringify(plan))}::jsonb[])
      as p (id, service, environment, release, plan)`.execute(db);
  await sql`
    insert into deployments (service, environment, release, configuration, configuration_version, colour, promotion, kind,
      from_at, by_actor, verified_at, changes)
    select service, environment, release, ${configuration}, 1, 'green', promotion, 'promotion', clock_timestamp(), 'bench', clock_timestamp(), 1
    from unnest(${lanes}, ${ids}::text[], ${promotions}::text[]) as d (service, environment, release, promotion)`.execute(
    db,
  );
  await sql`
    insert into decisions (promotion, step, decision)
    select promotion, 9, decision from unnest(${promotions}::text[], ${texts(({ decision }) => JSON.stringify(decision))}::jsonb[])
      as d (promotion, decision)`.execute(db);
  await sql`
    insert into decision_inputs (digest, content)
    select * from unnest(${texts(({ decision }) => decision.inputs)}::text[], ${texts(({ text }) => text)}::text[])`.execute(
    db,
  );
}
