import type { Db } from "../../store/schema.ts";
import { withLease } from "../lanes/lease.ts";
import type { StepContext, StepResult } from "../steps/step.ts";
import { wait } from "../lanes/transitions.ts";

/** Waiting is written down when it changes, not at every look. */
export async function pause(
  context: StepContext,
  result: Extract<StepResult, { kind: "wait" }>,
): Promise<number | "now"> {
  const { engine, lease, promotion, effects } = context;
  const same = promotion.wait_reason === result.reason && promotion.wait_who === result.who;
  const leaves = result.againMs > engine.settings.keepLeaseMs;
  if (!same || leaves || result.detail || effects.pending) {
    const over = await withLease(engine, lease, async (tx) => {
      await effects.record(tx);
      if (result.holds && !(await stillHolds(tx, promotion.id, result.holds))) return true;
      await wait(tx, promotion, context.step.index, result);
      return false;
    });
    if (over) return "now";
  }
  return result.againMs;
}

/** Whoever ends the wait wakes the promotion under the same lock: before it is written down, or after. */
async function stillHolds(
  tx: Db,
  promotion: string,
  holds: (tx: Db) => Promise<boolean>,
): Promise<boolean> {
  await tx.selectFrom("promotions").select("id").where("id", "=", promotion).forUpdate().execute();
  return holds(tx);
}
