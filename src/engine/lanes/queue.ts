import { canonicalJson } from "../../model/canonical.ts";
import type { Plan } from "../../model/plan.ts";
import { type ErrorCode, TidelockError } from "../../model/errors.ts";
import type { Digest } from "../../model/primitives.ts";
import { scannersOf } from "../../pipeline-file/scanners.ts";
import { makePlan, readPlan } from "../../strategies/plan.ts";
import { readRelease } from "../../store/queries/catalogue.ts";
import { nextQueued } from "../../store/queries/promotions.ts";
import type { Db, LaneRow, PromotionRow, ReleaseRow } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";
import { requireWhole } from "../promotions/plan-inputs.ts";
import { planAgain, plannedDocuments } from "../promotions/planned-documents.ts";
import { touchedBy } from "../high-risk/touched.ts";
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
    const plan = await planOrProblem(engine, tx, lane, promotion);
    if (typeof plan === "string") {
      await finish(engine, tx, promotion, "failed", plan);
    } else await start(engine, tx, promotion, plan);
    return true;
  });
}

/**
 * What cannot be planned any more ends here, saying so: it would stay at the head of the queue for ever. A plan of a
 * newer format waits for the program that knows it (the reconciler notes why).
 */
async function planOrProblem(
  engine: Engine,
  tx: Db,
  lane: LaneRow,
  promotion: PromotionRow,
): Promise<Plan | string> {
  try {
    return await planFromHere(engine, tx, lane, promotion);
  } catch (caught) {
    if (!(caught instanceof TidelockError) || caught.retryable || passes.has(caught.code)) {
      throw caught;
    }
    const why = caught.hint ? `${caught.message} (${caught.hint})` : caught.message;
    return `it cannot start: ${why}; ${await planAgain(tx, promotion)}`;
  }
}

/** Waited for: what is away comes back, and another program may know the format. */
const passes: ReadonlySet<ErrorCode> = new Set([
  "incompatible",
  "unavailable",
  "timeout",
  "stale-epoch",
  "disk-full",
]);

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
  const same = canonicalJson(live) === canonicalJson(plan.live);
  // A return to what was live is held up by nothing that is merely missing (law 9).
  if (same && plan.kind === "rollback") return plan;
  const documents = await plannedDocuments(tx, plan);
  if (same) return plan;
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
  throw new TidelockError("not-found", "its release is not here any more", { where: id });
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
