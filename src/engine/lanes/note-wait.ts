import type { TidelockError } from "../../model/errors.ts";
import { queuedFirst, runningPromotion } from "../../store/queries/promotions.ts";
import type { Engine } from "../engine.ts";
import { type Lease, withLease } from "./lease.ts";
import { wait } from "./transitions.ts";
import { readPlan } from "../../strategies/plan.ts";

/** While something is away nothing fails: the promotion waits, running or at the head of the queue, and says for whom. */
export async function noteWait(engine: Engine, lease: Lease, error: TidelockError): Promise<void> {
  const running = await runningPromotion(engine.db, lease.lane);
  const promotion = running ?? (await queuedFirst(engine.db, lease.lane));
  if (!promotion || promotion.wait_reason === error.message) return;
  const index = promotion.ending
    ? readPlan(promotion.plan).steps.length + promotion.compensation_index
    : promotion.step_index;
  await withLease(engine, lease, (tx) =>
    wait(tx, promotion, index, {
      reason: error.message,
      who: error.hint ?? "the host agent: it is asked again",
      until: null,
      againMs: engine.settings.agentAwayMs,
    }),
  );
}
