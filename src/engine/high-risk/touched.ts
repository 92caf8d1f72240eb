import type { HighRisk, Touched } from "../../model/high-risk.ts";
import type { Environment, Pipeline } from "../../model/pipeline.ts";
import type { Plan } from "../../model/plan.ts";
import { type Release, releaseId } from "../../model/release.ts";
import { applyFloor } from "../../policy/floor.ts";
import { touchedClasses } from "../../policy/high-risk/classify.ts";
import { readRelease } from "../../store/queries/catalogue.ts";
import { announce } from "../../store/queries/events.ts";
import { readServiceSecurity } from "../../store/queries/service-security.ts";
import type { Db, ReleaseRow } from "../../store/schema.ts";
import { wishFor } from "../../strategies/demands.ts";
import type { Engine } from "../engine.ts";
import { changedFiles } from "./changed-files.ts";

export interface Change {
  readonly pipeline: { readonly document: Pipeline };
  readonly environment: { readonly document: Environment };
  readonly release: Release;
  readonly live: Plan["live"];
}

/**
 * Classes of high risk that a release touches against what is live, for the plan; undefined where nobody asks for a
 * review of any, so that nothing is read in vain. What cannot be compared, a first deployment too, may touch everything.
 */
export async function touchedBy(
  engine: Engine,
  db: Db,
  change: Change,
): Promise<readonly Touched[] | undefined> {
  const declared = declaredIn(change);
  if (declared.length === 0) return undefined;
  const row = change.live && (await readRelease(db, change.live.release));
  const before = row && releaseId(row.content) === row.id ? row.content : null;
  return touchedBetween(engine, before ?? null, change.release, declared);
}

export async function touchedBetween(
  { content }: Pick<Engine, "content">,
  before: Release | null,
  after: Release,
  declared: readonly HighRisk[] = [],
): Promise<readonly Touched[]> {
  const files =
    before && (await changedFiles(content, before, after, { contents: true }).catch(() => null));
  return touchedClasses(files, declared);
}

function declaredIn({ pipeline, environment }: Change): readonly HighRisk[] {
  const wish = wishFor(pipeline.document, environment.document.metadata.name);
  return applyFloor(wish, environment.document.spec.floor).risks ?? [];
}

/** Tells who answers for the service's security what comes, beside those who are asked for a review. */
export async function announceRisks(
  tx: Db,
  promotion: string,
  { plan, release }: { readonly plan: Plan; readonly release: Pick<ReleaseRow, "version"> },
): Promise<void> {
  if (plan.risks === undefined) return;
  const row = await readServiceSecurity(tx, plan.lane.service);
  const { owner = "", contact = "" } = row?.content ?? {};
  const whom = [owner, contact].filter((one) => one !== "").join(", ");
  const touched = plan.risks.map((one) => `${one.class} (${one.because})`).join("; ");
  await announce(tx, {
    kind: "promotion.high-risk",
    ...plan.lane,
    promotion,
    message: `${release.version} touches ${touched}; security owner: ${whom || "nobody is named"}`,
  });
}
