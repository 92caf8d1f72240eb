import type { KeptDecision } from "../api/routes-policy.ts";

/** What decides, and what was decided. */
export interface PolicyControl {
  /** Every decision of a promotion with its inputs, in the order of its plan. */
  decisions(promotion: string): Promise<readonly KeptDecision[]>;
}
