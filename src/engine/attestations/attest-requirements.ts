import type { Environment } from "../../model/pipeline.ts";
import type { Plan } from "../../model/plan.ts";
import { releaseId, type Release } from "../../model/release.ts";
import { matchesPattern } from "../../evidence/pattern.ts";
import { type Checked, checkRelease } from "../../evidence/release-check.ts";
import { newColour } from "../../strategies/compensation.ts";
import { documentByDigest, readRelease } from "../../store/queries/catalogue.ts";
import type { Db } from "../../store/schema.ts";
import { materialOf } from "./attest-material.ts";
import type { Engine } from "../engine.ts";

/** Of one answer: what signed certificates and statements say may be long. */
const mostCharacters = 2_000;

/**
 * What the environment's owners demand of this release (`spec.requires` of the document that the plan was
 * frozen with), against what is there now.
 */
export async function checkRequirements(
  engine: Engine,
  db: Db,
  plan: Pick<Plan, "environment" | "lane" | "live" | "configuration">,
  release: Release,
  now: Date,
): Promise<readonly Checked[]> {
  const environment = await documentByDigest<Environment>(db, "Environment", plan.environment);
  const requires = environment?.spec.requires;
  if (requires === undefined) return [];
  const id = releaseId(release);
  const identity = { id, artifacts: release.artifacts };
  const demanded = requires.attestations.map(({ predicateType }) => predicateType);
  const material = await materialOf(engine, db, id, (type) =>
    demanded.some((pattern) => matchesPattern(type, pattern)),
  );
  const { configuration } = plan;
  const asked = { ...plan.lane, colour: newColour(plan.live), configuration };
  const found =
    typeof material === "string"
      ? checkRelease(identity, [], requires, now, asked).map(({ asked: what }): Checked => ({
          asked: what,
          met: false,
          level: null,
          message: material,
        }))
      : checkRelease(identity, material, requires, now, asked);
  return found.map((one) => ({ ...one, message: one.message.slice(0, mostCharacters) }));
}

/** The highest SLSA build level that provenance earns here; null when none is demanded and met. */
export async function buildLevelOf(engine: Engine, db: Db, plan: Plan): Promise<1 | 2 | 3 | null> {
  const release = await readRelease(db, plan.release);
  if (!release) return null;
  const found = await checkRequirements(engine, db, plan, release.content, new Date());
  const levels = found.flatMap(({ met, level }) => (met && level !== null ? [level] : []));
  return levels.sort((a, b) => b - a)[0] ?? null;
}
