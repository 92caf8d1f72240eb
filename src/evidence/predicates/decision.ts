import { z } from "zod";
import { Decision } from "../../model/decision.ts";
import { Digest } from "../../model/primitives.ts";
import { Address } from "../address.ts";
import type { PredicateKind } from "./predicate.ts";

/** What a gate said, with every reason and the digest of every input. */
export const DecisionPredicate = z.strictObject({
  address: Address,
  /** Place of the step in the promotion's plan, and what kind of step asked. */
  step: z.strictObject({ index: z.int().nonnegative(), kind: z.string() }),
  /** Digest of the frozen plan. */
  plan: Digest,
  decision: z.strictObject(Decision.shape),
  /** RFC 3339, the database's clock. */
  decidedOn: z.iso.datetime(),
});
export type DecisionPredicate = z.infer<typeof DecisionPredicate>;

export const decision = {
  type: "https://tidelock.dev/predicate/decision/v1",
  schema: DecisionPredicate,
} as const satisfies PredicateKind<typeof DecisionPredicate>;
