import type { Pipeline } from "../../model/pipeline.ts";
import type { Plan } from "../../model/plan.ts";
import { allBefore } from "../../policy/policy-of.ts";
import { documentByDigest, registeredEnvironment } from "../../store/queries/catalogue.ts";
import { readLane } from "../../store/queries/lanes.ts";
import { readPromotion } from "../../store/queries/promotions.ts";
import { knownPlan } from "../attestations/attest-promotion.ts";
import type { Engine } from "../engine.ts";

/**
 * Environments that had to verify a release before what is live here came, and that this plan does not ask any more
 * although they are still there. Whoever takes one out of a pipeline is not seen by the gates that are left.
 */
export async function droppedPredecessors(
  { db }: Pick<Engine, "db">,
  plan: Pick<Plan, "kind" | "lane" | "pipeline" | "predecessors">,
): Promise<{ readonly dropped?: readonly string[] }> {
  if (plan.kind === "rollback") return {};
  const live = (await readLane(db, plan.lane))?.live_promotion;
  const promotion = live ? await readPromotion(db, live) : undefined;
  const then = promotion && knownPlan(promotion);
  if (!then || then.pipeline === plan.pipeline) return {};
  const [before, now] = await Promise.all([
    documentByDigest<Pipeline>(db, "Pipeline", then.pipeline),
    documentByDigest<Pipeline>(db, "Pipeline", plan.pipeline),
  ]);
  if (!before || !now) return {};
  const { environment } = plan.lane;
  const asked = new Set(plan.predecessors.flatMap((name) => [name, ...allBefore(now, name)]));
  const gone = [...allBefore(before, environment)].filter((name) => !asked.has(name));
  const there = await Promise.all(gone.map((name) => registeredEnvironment(db, name)));
  const dropped = gone.filter((_, index) => there[index] !== undefined).sort();
  return dropped.length === 0 ? {} : { dropped };
}
