import { z } from "zod";
import { Conformance } from "../../model/conformance.ts";
import { Address } from "../address.ts";
import type { PredicateKind } from "./predicate.ts";

/** The report before a switch: each demanded control with its evidence (S0-23). */
export const ConformancePredicate = z.strictObject({
  address: Address,
  report: Conformance,
});
export type ConformancePredicate = z.infer<typeof ConformancePredicate>;

export const conformance = {
  type: "https://tidelock.dev/predicate/conformance/v1",
  schema: ConformancePredicate,
} as const satisfies PredicateKind<typeof ConformancePredicate>;
