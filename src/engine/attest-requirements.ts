import type { Environment } from "../model/pipeline.ts";
import type { Plan } from "../model/plan.ts";
import { releaseId, type Release } from "../model/release.ts";
import { type Checked, checkRelease } from "../evidence/release-check.ts";
import { documentByDigest, readRelease } from "../store/queries/catalogue.ts";
import type { Db } from "../store/schema.ts";
import { materialOf } from "./attest-material.ts";
import type { Engine } from "./engine.ts";

/**
 * What the environment's owners demand of this release (`spec.requires` of the document that the plan was
 * frozen with), against what is there now.
 */
export async function checkRequirements(
  engine: Engine,
  db: Db,
  plan: Pick<Plan, "environment">,
  release: Release,
  now: Date,
): Promise<readonly Checked[]> {
  const environment = await documentByDigest<Environment>(db, "Environment", plan.environment);
  const requires = environment?.spec.requires;
  if (requires === undefined) return [];
  const id = releaseId(release);
  const identity = { id, artifacts: release.artifacts };
  return checkRelease(identity, await materialOf(engine, db, id), requires, now);
}

/** The highest SLSA build level that provenance earns here; null when none is demanded and met. */
export async function buildLevelOf(engine: Engine, db: Db, plan: Plan): Promise<1 | 2 | 3 | null> {
  const release = await readRelease(db, plan.release);
  if (!release) return null;
  const found = await checkRequirements(engine, db, plan, release.content, new Date());
  const levels = found.flatMap(({ met, level }) => (met && level !== null ? [level] : []));
  return levels.sort((a, b) => b - a)[0] ?? null;
}
