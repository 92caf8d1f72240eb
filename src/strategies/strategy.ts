import type { Colour } from "../model/primitives.ts";

/** What a strategy needs to know to write its list of steps. */
export interface StrategyInput {
  readonly from: Colour | null;
  readonly to: Colour;
  readonly staticChecks: readonly string[];
  readonly deployedChecks: readonly string[];
}
