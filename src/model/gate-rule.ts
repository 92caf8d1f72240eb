import { z } from "zod";
import { Name } from "./primitives.ts";

/** Longer ones are programs, and nobody reads them at 03:00. Characters. */
export const longestExpression = 2_000;

/**
 * One thing that has to be true before traffic moves, over and above what the preset asks: an expression of the Common
 * Expression Language over `GateFacts`. What is false, fails or is not a boolean denies; so one more rule only tightens.
 * Language: https://github.com/google/cel-spec/blob/master/doc/langdef.md
 */
export const GateRule = z.strictObject({
  name: Name,
  /** The condition: true lets through. Checked against the types of `GateFacts` when the file is applied. */
  require: z.string().min(1).max(longestExpression),
  /** What people read when it is not true; without it they read the expression. */
  because: z.string().min(1).max(400).optional(),
});
export type GateRule = z.infer<typeof GateRule>;

/** A rule as a plan has it. A service's own and a floor's may bear one name; both hold. */
export interface PlannedRule extends GateRule {
  readonly from: "floor" | "pipeline";
}
