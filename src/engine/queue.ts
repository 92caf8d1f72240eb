import { canonicalJson } from "../model/canonical.ts";
import type { Environment, Pipeline } from "../model/pipeline.ts";
import type { Plan } from "../model/plan.ts";
import { TidelockError } from "../model/errors.ts";
import type { Digest } from "../model/primitives.ts";
import { scannersOf } from "../pipeline-file/scanners.ts";
import { makePlan, readPlan } from "../strategies/plan.ts";
import { documentByDigest, readRelease } from "../store/queries/catalogue.ts";
import { nextQueued } from "../store/queries/promotions.ts";
import type { Db, LaneRow, PromotionRow, ReleaseRow } from "../store/schema.ts";
import type { Engine } from "./engine.ts";
import { requireWhole } from "./plan-inputs.ts";
import { touchedBy } from "./high-risk/touched.ts";
import { type Lease, withLease } from "./lease.ts";
import { finish, start } from "./transitions.ts";

/**
 * One promotion runs in a lane; the others wait their turn, in the order in which they were accepted, a
 * return before all. Answers whether one was taken from the queue.
 */
export async function startNext(engine: Engine, lease: Lease): Promise<boolean> {
  return withLease(engine, lease, async (tx, lane) => {
    const promotion = await nextQueued(tx, lane);
    if (!promotion) return false;
    if (isDoneAlready(lane, promotion)) {
      const message = `${lane.live_promotion} has brought the same release and configuration meanwhile`;
      await finish(engine, tx, promotion, "superseded", message);
      return true;
    }
    await start(engine, tx, promotion, await planFromHere(engine, tx, lane, promotion));
    return true;
  });
}

/** Two operators asked for the same at once: the second one has what it wanted. */
function isDoneAlready(lane: LaneRow, promotion: PromotionRow): boolean {
  return (
    lane.live_release === promotion.release &&
    lane.live_configuration === promotion.configuration &&
    lane.live_since !== null &&
    lane.live_since > promotion.created_at
  );
}

/**
 * A plan says what is live. If that has changed while the promotion was queued, its plan is made anew from
 * the same documents, and gets another digest: what was approved about the old one is void.
 */
async function planFromHere(
  engine: Engine,
  tx: Db,
  lane: LaneRow,
  promotion: PromotionRow,
): Promise<Plan> {
  const plan = readPlan(promotion.plan);
  const live = liveOf(lane);
  if (canonicalJson(live) === canonicalJson(plan.live)) return plan;
  const pipeline = await documentByDigest<Pipeline>(tx, "Pipeline", plan.pipeline);
  const environment = await documentByDigest<Environment>(tx, "Environment", plan.environment);
  if (!pipeline || !environment) {
    throw new TidelockError("internal", "a plan names documents that are not stored", {
      fault: "bug",
    });
  }
  const documents = {
    pipeline: { digest: plan.pipeline, document: pipeline },
    environment: { digest: plan.environment, document: environment },
  };
  const returning = plan.kind === "rollback";
  const release = returning ? null : await existingRelease(tx, plan.release);
  if (release !== null) requireWhole(documents, release);
  const touched = release && { touched: await touchedBy(engine, tx, { ...documents, release: release.content, live }) }; // prettier-ignore
  return makePlan(
    {
      ...touched,
      lane: plan.lane,
      release: plan.release,
      configuration: plan.configuration,
      ...documents,
      live,
      scannersOf: (checks) => scannersOf(checks, engine.checks),
    },
    plan.kind === "rollback" ? "back" : "forward",
  );
}

async function existingRelease(tx: Db, id: Digest): Promise<ReleaseRow> {
  const release = await readRelease(tx, id);
  if (release) return release;
  throw new TidelockError("internal", "a plan names a release that is not stored", { where: id });
}

/** What a plan says of a lane's live colour. */
export function liveOf(lane: LaneRow | undefined): Plan["live"] {
  if (!lane?.live_colour || !lane.live_release || !lane.live_configuration) return null;
  return {
    release: lane.live_release,
    configuration: lane.live_configuration,
    colour: lane.live_colour,
  };
}
