import { z } from "zod";
import { Decision } from "../model/decision.ts";

/** Calls about what was decided, and about what decides. */

const list = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item) });

/** A decision and what it was made from, for whoever makes it again. */
export const KeptDecision = z.object({
  /** Place of the step in the promotion's plan. */
  step: z.int(),
  decision: Decision,
  /** Canonical JSON, as it was kept; null: it was erased, or comes from before inputs were kept. */
  inputs: z.string().nullable(),
});
export type KeptDecision = z.infer<typeof KeptDecision>;

export const policyRoutes = {
  promotionDecisions: {
    method: "GET",
    path: "/api/v1/promotions/:id/decisions",
    params: z.object({ id: z.string().min(1).max(64) }),
    response: list(KeptDecision),
  },
} as const;
