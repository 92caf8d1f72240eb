import { z } from "zod";

/**
 * The life of a promotion.
 *
 *   queued -> running -> complete
 *     |         |  \-> failed        (a step ended in a terminal error; live colour untouched or restored)
 *     |         |  \-> rolled-back   (the traffic had moved and was returned)
 *     |         \----> aborted       (somebody wanted it; compensations done)
 *     \--------------> aborted | superseded
 *
 * `running` carries a wait reason when a step answered `wait`; nothing waits in memory.
 * Retrying makes a new promotion that names the old one.
 */
export const PromotionState = z.enum([
  "queued",
  "running",
  "complete",
  "failed",
  "rolled-back",
  "aborted",
  "superseded",
]);
export type PromotionState = z.infer<typeof PromotionState>;

const endStates: readonly PromotionState[] = [
  "complete",
  "failed",
  "rolled-back",
  "aborted",
  "superseded",
];

export function hasEnded(state: PromotionState): boolean {
  return endStates.includes(state);
}

/** What people want of it: a level, not an event. */
export const DesiredOutcome = z.enum(["complete", "aborted"]);
export type DesiredOutcome = z.infer<typeof DesiredOutcome>;

export const StepState = z.enum([
  "pending",
  "running",
  "waiting",
  "done",
  "failed",
  "compensated",
  "skipped",
]);
export type StepState = z.infer<typeof StepState>;
