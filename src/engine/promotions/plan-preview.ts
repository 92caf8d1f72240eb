import type { PlanView } from "../../api/views.ts";
import { digestOf } from "../../model/canonical.ts";
import type { Plan } from "../../model/plan.ts";
import { type Lane } from "../../model/primitives.ts";
import type { Release } from "../../model/release.ts";
import { asTidelockError } from "../../model/errors.ts";
import type { Decision } from "../../model/decision.ts";
import type { Environment } from "../../model/pipeline.ts";
import { span } from "../../policy/predecessors.ts";
import { scannersOf } from "../../pipeline-file/scanners.ts";
import { newColour } from "../../strategies/compensation.ts";
import { makePlan } from "../../strategies/plan.ts";
import { configurationByDigest, readRelease } from "../../store/queries/catalogue.ts";
import { sql } from "kysely";
import { readLane } from "../../store/queries/lanes.ts";
import { runningPromotion } from "../../store/queries/promotions.ts";
import type { LaneRow, ReleaseRow } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";
import { gateNow } from "../explain/now.ts";
import { explanationOf } from "../explain/view.ts";
import { requirePurpose } from "./dedicated.ts";
import { touchedBy } from "../high-risk/touched.ts";
import { requireSoundChecks } from "../check-runs/intrusive.ts";
import {
  type ConfigurationChoice,
  currentConfiguration,
  findRelease,
  laneDocuments,
} from "./plan-inputs.ts";
import { liveOf } from "../lanes/queue.ts";
import { admission } from "../steps/admit.ts";

type Change = PlanView["changes"][number];

/** What a promotion would do, whether it may start now, and the way back; nothing is written. */
export async function previewPlan(
  engine: Engine,
  request: { service: string; release: string; environment: string },
): Promise<PlanView> {
  const lane: Lane = { service: request.service, environment: request.environment };
  const { db } = engine;
  const documents = await laneDocuments(db, lane);
  const release = await findRelease(db, lane.service, request.release);
  const [configuration, row, clock] = await Promise.all([
    currentConfiguration(db, lane),
    readLane(db, lane),
    sql<{ now: Date }>`select clock_timestamp() as now`.execute(db),
  ]);
  const live = liveOf(row);
  const plan = makePlan(
    {
      lane,
      release: release.id,
      configuration: configuration.digest,
      ...documents,
      live,
      touched: await touchedBy(engine, db, { ...documents, release: release.content, live }),
      scannersOf: (checks) => scannersOf(checks, engine.checks),
    },
    "forward",
  );
  requireSoundChecks(engine, plan);
  requirePurpose(engine, plan, documents.environment.document);
  const environment = documents.environment.document;
  const before = row?.live_release ? await readRelease(db, row.live_release) : undefined;
  const now = clock.rows[0]?.now ?? new Date(0);
  const given = configuration.configuration;
  const preview = await admission(engine, plan, release.content, now, { given });
  return {
    plan,
    digest: digestOf(plan),
    changes: [
      ...codeChanges(release.content, before?.content),
      ...riskChanges(plan),
      ...(await configurationChanges(engine, lane, plan, configuration)),
      ...capacityChanges(plan),
      ...(await targetChanges(engine, plan, release.content, environment, configuration)),
      ...(await routeChanges(engine, plan, environment, row)),
    ],
    commits: commitsOf(release.content),
    decision: preview.decision,
    gate: await gateAhead(engine, plan, release, preview.decision, now).catch(notToBeSeen),
    wayBack: wayBackOf(plan),
  };
}

/** What of the gate is known already and speaks against it, or is left for this promotion to show. */
async function gateAhead(
  engine: Engine,
  plan: Plan,
  release: ReleaseRow,
  admitted: Decision,
  now: Date,
): Promise<NonNullable<PlanView["gate"]>> {
  const decided = await gateNow(engine, { plan, release, id: "" }, now);
  const of = { plan, release, promotion: null, about: "preview" as const };
  const { outcome, parts } = await explanationOf(engine, { ...of, ...decided });
  const said = new Set(admitted.reasons.map(({ rule, message }) => `${rule} ${message}`));
  const ahead = parts.filter(
    (one) => one.outcome !== "allow" && !said.has(`${one.rule} ${one.message}`),
  );
  return {
    outcome,
    parts: ahead.map(({ outcome: says, rule, message, pending, next }) => ({
      outcome: says,
      rule,
      message,
      pending,
      next,
    })),
  };
}

/** What keeps a gate from being looked at ahead keeps it shut, and the plan is shown all the same. */
function notToBeSeen(error: unknown): NonNullable<PlanView["gate"]> {
  const { message, hint } = asTidelockError(error);
  const part = {
    outcome: "deny",
    rule: "gate.preview",
    pending: false,
    next: hint ?? null,
  } as const;
  return {
    outcome: "deny",
    parts: [{ ...part, message: `what its gate would say cannot be known: ${message}` }],
  };
}

function codeChanges(next: Release, live: Release | undefined): Change[] {
  if (!live) return [{ area: "code", text: `${next.version}, the first release here` }];
  const same = next.artifacts.every((artifact) =>
    live.artifacts.some((other) => other.digest === artifact.digest),
  );
  const text = same
    ? `${live.version} to ${next.version}: the same bytes`
    : `${live.version} to ${next.version}`;
  return [{ area: "code", text }];
}

/** Keys only (law 11). */
async function configurationChanges(
  engine: Engine,
  lane: Lane,
  plan: Plan,
  next: ConfigurationChoice,
): Promise<Change[]> {
  const before =
    plan.live && (await configurationByDigest(engine.db, lane, plan.live.configuration));
  if (before?.digest === next.digest) {
    return [{ area: "configuration", text: `version ${next.version}, unchanged` }];
  }
  const flat = (entries: object) =>
    new Map(Object.entries(entries).map(([key, value]) => [key, JSON.stringify(value)]));
  const old = flat({ ...before?.content.values, ...before?.content.secrets });
  const fresh = flat({ ...next.configuration.values, ...next.configuration.secrets });
  const changes: Change[] = [];
  for (const key of [...new Set([...old.keys(), ...fresh.keys()])].sort()) {
    const verb = !old.has(key) ? "adds" : !fresh.has(key) ? "removes" : "changes";
    if (old.get(key) !== fresh.get(key))
      changes.push({ area: "configuration", text: `${verb} ${key}` });
  }
  return changes;
}

/** What asks for more eyes than usual. */
function riskChanges({ risks = [] }: Plan): Change[] {
  return risks.map((one) => ({ area: "code", text: `touches ${one.class}: ${one.because}` }));
}

function capacityChanges(plan: Plan): Change[] {
  return Object.entries(plan.processes).map(([name, { replicas }]) => ({
    area: "capacity",
    text: `${name}: ${replicas} ${replicas === 1 ? "instance" : "instances"} on ${newColour(plan.live)}`,
  }));
}

/** The target's own dry run (S3-03). One that cannot answer is said, and does not hide the rest. */
async function targetChanges(
  engine: Engine,
  plan: Plan,
  release: Release,
  environment: Environment,
  configuration: ConfigurationChoice,
): Promise<Change[]> {
  try {
    const lines = await engine.targetFor(environment.spec.target).dryRun({
      slot: { ...plan.lane, colour: newColour(plan.live) },
      release: plan.release,
      releaseName: `${release.service}@${release.version}`,
      configuration: plan.configuration,
      bindings: "live",
      generation: "dry-run",
      artifacts: release.artifacts.map(({ digest, size }) => ({ digest, size })),
      processes: plan.processes,
      // A dry run gets no value and no secret.
      environment: { delivery: configuration.configuration.delivery, entries: {} },
    });
    return lines.map((text) => ({ area: "target", text }));
  } catch (error) {
    return [{ area: "target", text: `no dry run: ${asTidelockError(error).message}` }];
  }
}

async function routeChanges(
  engine: Engine,
  plan: Plan,
  environment: Environment,
  row: LaneRow | undefined,
): Promise<Change[]> {
  const running = row && (await runningPromotion(engine.db, row));
  const queue: Change[] = running
    ? [{ area: "queue", text: `waits for ${running.id}, which runs here now` }]
    : [];
  const { router } = environment.spec;
  const listen = router.type === "embedded" ? router.listen[plan.lane.service] : undefined;
  if (plan.router === "none" || !listen) return queue;
  const to = newColour(plan.live);
  const text = plan.live
    ? `${listen}: traffic moves from ${plan.live.colour} to ${to}`
    : `${listen}: opens, and goes to ${to}`;
  return [...queue, { area: "route", text }];
}

function commitsOf({ source }: Release): PlanView["commits"] {
  if (source.kind !== "git") return [];
  return source.commits.map(({ revision, subject, author }) => ({
    revision,
    subject,
    author: author.name,
  }));
}

function wayBackOf(plan: Plan): string {
  if (!plan.live) {
    return "nothing was live here: on failure the route answers 503 and the colour is emptied";
  }
  if (plan.strategy === "recreate" || plan.router === "none") {
    return `the release that is live now is started again on ${plan.live.colour}`;
  }
  return `${plan.live.colour} stays ready for ${span(plan.rollbackWindowMs)} and takes the traffic back by one switch`;
}
