import type { PlanStep } from "../model/plan.ts";
import { shift, start } from "./blue-green.ts";
import type { StrategyInput } from "./strategy.ts";

/**
 * Recreate: for services of which two may never run at once. What can be checked without the service is
 * checked first; then the old colour stops, the route answers 503, and the new one starts with its live
 * bindings. A failure after `stop` starts the old release again (see compensation.ts).
 */
export function recreateSteps(input: StrategyInput): readonly PlanStep[] {
  const { from, to } = input;
  return [
    { kind: "admit" },
    ...input.staticChecks.map((check): PlanStep => ({ kind: "check", check, colour: null })),
    ...stop(input),
    ...start(to, "live"),
    ...input.deployedChecks.map((check): PlanStep => ({ kind: "check", check, colour: to })),
    { kind: "gate" },
    ...shift(from, to),
  ];
}

/** The way back: the old colour never stands, so it is always made anew. */
export function recreateReturn(input: StrategyInput): readonly PlanStep[] {
  const { from, to } = input;
  return [
    { kind: "admit" },
    { kind: "gate" },
    ...stop(input),
    ...start(to, "live"),
    ...shift(from, to),
  ];
}

function stop({ from }: StrategyInput): readonly PlanStep[] {
  return from ? [{ kind: "stop", colour: from }] : [];
}
