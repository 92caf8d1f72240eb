import type { Environment, Pipeline } from "../../model/pipeline.ts";
import type { Lane } from "../../model/primitives.ts";
import { asTidelockError } from "../../model/errors.ts";
import { mayStartItself } from "../../policy/auto-promotion.ts";
import { predecessorGround } from "../../policy/predecessors.ts";
import { demandedBefore } from "../../policy/policy-of.ts";
import {
  listReleases,
  readRelease,
  registeredDocuments,
  registeredEnvironment,
} from "../../store/queries/catalogue.ts";
import { readLane } from "../../store/queries/lanes.ts";
import { sql } from "kysely";
import type { Engine } from "../engine.ts";
import { predecessorsOf as standingOf } from "./predecessor-standing.ts";
import { banOf } from "../stops/ban.ts";
import { promote } from "./promote.ts";

/**
 * Environments with `auto: true` start by themselves (S3-01): with what their predecessors have verified
 * and soaked, or, at the head of a pipeline, with the newest release. A release is started in a lane by
 * itself once; what failed there waits for a person.
 */
export async function promoteAutomatically(engine: Engine, only?: string): Promise<void> {
  for (const row of await registeredDocuments(engine.db, "Pipeline")) {
    if (only !== undefined && row.name !== only) continue;
    const pipeline = row.content as Pipeline;
    for (const environment of pipeline.spec.environments) {
      if (!environment.auto) continue;
      const lane = { service: row.name, environment: environment.name };
      const owners = (await registeredEnvironment(engine.db, lane.environment))?.document;
      if (!owners || !mayStartItself(owners, lane.service)) continue;
      try {
        await promoteInto(engine, pipeline, lane, owners);
      } catch (error) {
        engine.notice(
          `${lane.service}/${lane.environment} does not start by itself: ${asTidelockError(error).message}`,
        );
      }
    }
  }
}

async function promoteInto(
  engine: Engine,
  pipeline: Pipeline,
  lane: Lane,
  owners: Environment,
): Promise<void> {
  const release = await candidateFor(engine, lane, demandedBefore(pipeline, owners));
  if (!release || (await wasThere(engine, lane, release))) return;
  const row = await readRelease(engine.db, release);
  // Said when it was banned, and not at every look.
  if (!row || (await banOf(engine.db, row))) return;
  await promote(
    engine,
    { id: "auto" },
    {
      service: lane.service,
      environment: lane.environment,
      release,
      // Two servers that see the same at once make one promotion.
      idempotencyKey: `auto/${lane.service}/${lane.environment}/${release}`,
    },
  );
}

/** The release that stands verified and soaked in every predecessor now. */
async function candidateFor(
  engine: Engine,
  lane: Lane,
  predecessors: readonly string[],
): Promise<string | null> {
  const [first] = predecessors;
  if (first === undefined) {
    const [newest] = await listReleases(engine.db, { service: lane.service, limit: 1 });
    return newest?.id ?? null;
  }
  const before = await readLane(engine.db, { service: lane.service, environment: first });
  const release = before?.live_release;
  if (!release) return null;
  const standing = await standingOf(engine, { lane, release, predecessors: [...predecessors] });
  const { rows } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(engine.db);
  const now = (rows[0]?.now ?? new Date(0)).toISOString();
  const allowed = standing.every((one) => predecessorGround(one, now).outcome === "allow");
  return allowed ? release : null;
}

/** It was brought here before, by whomever and however it ended. */
async function wasThere(engine: Engine, lane: Lane, release: string): Promise<boolean> {
  const found = await engine.db
    .selectFrom("promotions")
    .select("id")
    .where("service", "=", lane.service)
    .where("environment", "=", lane.environment)
    .where("release", "=", release)
    .limit(1)
    .executeTakeFirst();
  return found !== undefined;
}
