import type { Lane } from "../../model/primitives.ts";
import { readLaneNow } from "../../store/queries/lanes.ts";
import { currentStep, runningPromotion } from "../../store/queries/promotions.ts";
import type { LaneRow, PromotionRow, StepRow } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";

/** What our rows say about a lane. Only what is written under the lease afterwards decides. */
export interface Seen {
  readonly lane: LaneRow;
  readonly promotion: PromotionRow | undefined;
  /** The step that the promotion is at. */
  readonly step: StepRow | undefined;
  /** By the database's clock. */
  readonly now: Date;
}

export async function look(engine: Engine, where: Lane): Promise<Seen | undefined> {
  const [lane, promotion, step] = await Promise.all([
    readLaneNow(engine.db, where),
    runningPromotion(engine.db, where),
    currentStep(engine.db, where),
  ]);
  return lane && { lane, promotion, step, now: lane.now };
}
