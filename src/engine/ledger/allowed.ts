import { deploymentsProjection } from "../../store/projections/lanes.ts";
import { decisionsProjection, promotionsProjection } from "../../store/projections/promotions.ts";
import { letsThrough } from "../../model/decision.ts";
import { TidelockError } from "../../model/errors.ts";
import { type Lane, laneKey } from "../../model/primitives.ts";
import { announce } from "../../store/queries/events.ts";
import { readDeployment } from "../../store/queries/live.ts";
import { readPromotion } from "../../store/queries/promotions.ts";
import type { DeploymentRow } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";
import type { StepContext } from "../steps/step.ts";
import { groundsOf, lastingDifference } from "./leaning.ts";

/** What must be so by the record, and not by a row alone, before users meet anything. */

/**
 * Traffic moves forward only behind a gate that allowed it: a promotion whose row was put behind its gate has no
 * such decision. Null when it may move. A return needs none.
 */
export async function whyNotAllowed(context: StepContext): Promise<string | null> {
  const { engine, plan, promotion } = context;
  if (plan.kind === "rollback") return null;
  const { db } = engine;
  const gate = plan.steps.findIndex((step) => step.kind === "gate");
  const decisions = await db
    .selectFrom("decisions")
    .selectAll()
    .where("promotion", "=", promotion.id)
    .execute();
  const decided = decisions.find(({ step }) => step === gate);
  if (gate >= 0 && !letsThrough(decided?.decision.outcome)) {
    return "no gate has allowed this: somebody has put the promotion behind its gate";
  }
  const placed = decisions.map((decision) => ({ ...decision, ...plan.lane }));
  const difference = await lastingDifference(engine.log, db, async () => {
    const row = await readPromotion(db, promotion.id);
    return [
      ...groundsOf(promotionsProjection, row ? [row] : []),
      ...groundsOf(decisionsProjection, placed),
    ];
  });
  return difference && (await tell(engine, plan.lane, difference.message));
}

/**
 * What a row calls good must have been good by the record too. A ledger that is away holds no return up.
 *
 * @throws TidelockError `denied`
 */
export async function refuseInvented(
  engine: Engine,
  lane: Lane,
  good: DeploymentRow,
): Promise<void> {
  const difference = await lastingDifference(engine.log, engine.db, async () => {
    const now = await readDeployment(engine.db, good.id);
    return groundsOf(deploymentsProjection, [now ?? good]);
  }).catch(() => null);
  if (!difference) return;
  throw new TidelockError("denied", await tell(engine, lane, difference.message), {
    fault: "operator",
    where: laneKey(lane),
    hint: `see \`tidelock ledger verify --state\`; what you know to be good can be promoted: tidelock promote <release> --to ${lane.environment}`,
  });
}

/** Everybody hears of it. */
async function tell(engine: Engine, lane: Lane, problem: string): Promise<string> {
  const message = `the database was changed behind the ledger: ${problem}`;
  await announce(engine.db, { kind: "ledger.difference", ...lane, message });
  engine.notice(message);
  return message;
}
