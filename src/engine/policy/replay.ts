import { setImmediate } from "node:timers/promises";
import type { CheckDemand, Environment, Pipeline } from "../../model/pipeline.ts";
import type { Digest } from "../../model/primitives.ts";
import { scannersOf } from "../../pipeline-file/scanners.ts";
import { applyFloor } from "../../policy/floor.ts";
import type { CheckFacts, DecidedAt, LanePolicy } from "../../policy/under.ts";
import {
  countWhatIf,
  noDecisions,
  whatIf,
  type WhatIf,
  type WhatIfCounts,
} from "../../policy/what-if.ts";
import {
  documentByDigest,
  registeredEnvironment,
  registeredPipeline,
} from "../../store/queries/catalogue.ts";
import { type PastDecision, pastDecisions } from "../../store/queries/decisions.ts";
import type { Db } from "../../store/schema.ts";
import { scheduleSays } from "../../policy/schedule.ts";
import type { Engine } from "../engine.ts";
import { calendarsOf, timeZones } from "../schedule/gather.ts";

/** Documents as they would be registered. Of those that are not among them each decision has its own. */
export interface NewDocuments {
  readonly pipelines: readonly Pipeline[];
  readonly environments: readonly Environment[];
}

export interface ReplayFilter {
  readonly since: Date;
  readonly service?: string | undefined;
  readonly environment?: string | undefined;
}

/** Decisions between two turns for everybody else: making them is work of this one thread. */
const batch = 25;

/**
 * Makes every decision of a time once more under other documents. Only those are looked at that the documents are
 * about. `each` is called for all of them, in the order of time.
 */
export async function replayPast(
  engine: Engine,
  db: Db,
  fresh: NewDocuments,
  filter: ReplayFilter,
  each: (past: PastDecision, found: WhatIf, now: WhatIf | null) => void = () => undefined,
): Promise<WhatIfCounts> {
  const documents = new KnownDocuments(db);
  const asFresh = await underDocuments(engine, db, fresh);
  // What is in force in their place: a change of last week is none of this file's.
  const asNow = await underDocuments(engine, db, await standingOf(db, fresh));
  let counts = noDecisions;
  for await (const past of pastDecisions(db, filter)) {
    if (!asFresh.concerns(past)) continue;
    const before = await documents.of(past);
    const found = asFresh.decide(past, before);
    const now =
      found.kind === "outcome" && asNow.concerns(past) ? asNow.decide(past, before) : null;
    counts = countWhatIf(counts, found, now);
    each(past, found, now);
    if (counts.decisions % batch === 0) await setImmediate();
  }
  return counts;
}

/** Decides a past decision under some documents; of all others it keeps its own. */
async function underDocuments(engine: Engine, db: Db, fresh: NewDocuments) {
  const facts = checkFacts(engine);
  const soaks = await soaksUnder(db, fresh);
  const named = (past: PastDecision) => ({
    pipeline: fresh.pipelines.find(({ metadata }) => metadata.name === past.service),
    owners: fresh.environments.find(({ metadata }) => metadata.name === past.environment),
    soaksOf: soaks.get(past.service),
  });
  return {
    concerns(past: PastDecision): boolean {
      const { pipeline, owners, soaksOf } = named(past);
      return pipeline !== undefined || owners !== undefined || soaksOf !== undefined;
    },
    decide(past: PastDecision, before: LanePolicy | null): WhatIf {
      if (before === null) {
        const problem = "the documents that its plan was made from are gone";
        return { kind: "unknown", was: past.decision.outcome, problem };
      }
      const { pipeline, owners, soaksOf } = named(past);
      return whatIf(past.decision, past.inputs, {
        before,
        policy: {
          pipeline: pipeline ?? before.pipeline,
          environment: owners ?? before.environment,
        },
        at: placeOf(past),
        returning: past.kind === "rollback",
        facts,
        soakMs: (name) => soaksOf?.get(name) ?? null,
      });
    },
  };
}

/** What is registered under the same names. */
async function standingOf(db: Db, fresh: NewDocuments): Promise<NewDocuments> {
  const pipelines: Pipeline[] = [];
  const environments: Environment[] = [];
  for (const { metadata } of fresh.pipelines) {
    const row = await registeredPipeline(db, metadata.name);
    if (row) pipelines.push(row.document);
  }
  for (const { metadata } of fresh.environments) {
    const row = await registeredEnvironment(db, metadata.name);
    if (row) environments.push(row.document);
  }
  return { pipelines, environments };
}

function placeOf({ asked }: PastDecision): DecidedAt {
  if (asked === "admit") return "admission";
  if (asked === "gate") return "gate";
  return asked === null ? "after" : "checks";
}

export function checkFacts(engine: Engine): CheckFacts {
  return {
    scheduleAt({ pipeline, environment }, now) {
      const calendars = calendarsOf(environment, pipeline, environment.metadata.name);
      return calendars.length === 0
        ? undefined
        : scheduleSays(calendars, Date.parse(now), timeZones);
    },
    scannersOf: (checks) => scannersOf(checks, engine.checks),
    isIntrusive: (check) => isIntrusive(engine, check),
  };
}

/** By the adapter's own word; one whose word cannot be had counts. */
function isIntrusive(engine: Engine, demand: CheckDemand): boolean {
  const adapter = engine.checks.get(demand.uses);
  if (adapter === undefined) return false;
  if (typeof adapter.touch !== "function") return adapter.touch === "intrusive";
  const parsed = adapter.schema.safeParse(demand.with);
  return !parsed.success || adapter.touch(parsed.data) === "intrusive";
}

/** Documents by digest: thousands of decisions were made under a few. */
class KnownDocuments {
  readonly #db: Db;
  readonly #known = new Map<Digest, Pipeline | Environment | null>();

  constructor(db: Db) {
    this.#db = db;
  }

  async of({ pipeline, owners }: PastDecision): Promise<LanePolicy | null> {
    const service = (await this.#read("Pipeline", pipeline)) as Pipeline | null;
    const environment = (await this.#read("Environment", owners)) as Environment | null;
    return service && environment ? { pipeline: service, environment } : null;
  }

  async #read(kind: "Pipeline" | "Environment", digest: Digest) {
    const known = this.#known.get(digest);
    if (known !== undefined) return known;
    const read = (await documentByDigest(this.#db, kind, digest)) ?? null;
    this.#known.set(digest, read);
    return read;
  }
}

/** How long releases of each service would have to soak where the documents say something about it. */
async function soaksUnder(
  db: Db,
  { pipelines, environments }: NewDocuments,
): Promise<ReadonlyMap<string, ReadonlyMap<string, number>>> {
  const services = new Map<string, ReadonlyMap<string, number>>();
  const names = new Set(pipelines.map(({ metadata }) => metadata.name));
  if (environments.length > 0) {
    const { rows } = await servicesIn(db, environments);
    for (const { service } of rows) names.add(service);
  }
  for (const service of names) {
    const pipeline =
      pipelines.find(({ metadata }) => metadata.name === service) ??
      (await registeredPipeline(db, service))?.document;
    if (!pipeline) continue;
    const soaks = new Map<string, number>();
    for (const lane of pipeline.spec.environments) {
      const owners =
        environments.find(({ metadata }) => metadata.name === lane.name) ??
        (await registeredEnvironment(db, lane.name))?.document;
      const isNew = pipelines.includes(pipeline) || environments.some((one) => one === owners);
      if (owners && isNew) soaks.set(lane.name, applyFloor(lane, owners.spec.floor).soakMs);
    }
    services.set(service, soaks);
  }
  return services;
}

async function servicesIn(db: Db, environments: readonly Environment[]) {
  const rows = await db
    .selectFrom("lanes")
    .select("service")
    .distinct()
    .where(
      "environment",
      "in",
      environments.map(({ metadata }) => metadata.name),
    )
    .execute();
  return { rows };
}
