import type { PlanStep } from "../model/plan.ts";
import type { Colour } from "../model/primitives.ts";
import type { StrategyInput } from "./strategy.ts";

/**
 * Blue/green: the release is tested on the colour that no user sees, then met by users in fresh instances
 * of the same digest (law 10). Until `switch` the live colour is untouched; after it the old colour
 * stands ready to take the traffic back.
 *
 * Where nothing routes (`router: none`), both colours overlap until the new one is ready, and `switch`
 * stops the old one: two sets of workers never share the queue for longer than the start takes.
 */
export function blueGreenSteps(input: StrategyInput): readonly PlanStep[] {
  const { from, to } = input;
  return [
    { kind: "admit" },
    ...input.staticChecks.map((check): PlanStep => ({ kind: "check", check, colour: null })),
    ...start(to, "isolated"),
    ...input.deployedChecks.map((check): PlanStep => ({ kind: "check", check, colour: to })),
    { kind: "gate" },
    ...start(to, "live"),
    ...shift(from, to),
  ];
}

/** The way back when the old colour is gone: fresh instances of a release that was good here before. */
export function blueGreenReturn({ from, to }: StrategyInput): readonly PlanStep[] {
  return [{ kind: "admit" }, { kind: "gate" }, ...start(to, "live"), ...shift(from, to)];
}

/** The way back while the old colour stands: only the traffic moves. */
export function switchBackSteps({ from, to }: StrategyInput): readonly PlanStep[] {
  return [
    { kind: "switch", from, to },
    { kind: "verify-route", colour: to },
    { kind: "complete", colour: to },
  ];
}

/** Start, wait, prove: what every colour goes through before anything leans on it. */
export function start(colour: Colour, bindings: "isolated" | "live"): readonly PlanStep[] {
  return [
    { kind: "deploy", colour, bindings },
    { kind: "ready", colour, bindings },
    { kind: "prove-identity", colour, bindings },
  ];
}

/** Move the traffic, believe only what the router says, watch, then call it done. */
export function shift(from: Colour | null, to: Colour): readonly PlanStep[] {
  return [
    { kind: "switch", from, to },
    { kind: "verify-route", colour: to },
    { kind: "watch", colour: to },
    { kind: "complete", colour: to },
  ];
}
