import { z } from "zod";
import { Digest } from "../../model/primitives.ts";
import { PromotionState } from "../../model/promotion.ts";
import { Address } from "../address.ts";
import type { PredicateKind } from "./predicate.ts";

/** How a promotion ended. Only `complete` makes its release the last good one. */
export const CompletionPredicate = z.strictObject({
  address: Address,
  kind: z.enum(["promotion", "rollback"]),
  plan: Digest,
  result: PromotionState.exclude(["queued", "running"]),
  /** RFC 3339, the database's clock. */
  endedOn: z.iso.datetime(),
});
export type CompletionPredicate = z.infer<typeof CompletionPredicate>;

export const completion = {
  type: "https://tidelock.dev/predicate/completion/v1",
  schema: CompletionPredicate,
} as const satisfies PredicateKind<typeof CompletionPredicate>;
