import type { Plan } from "../model/plan.ts";
import { type Colour, otherColour } from "../model/primitives.ts";

/**
 * What puts a lane right again after a promotion has ended early. Users first: traffic goes back before
 * anything is cleaned up. Each one observes before it acts, because the step that failed may or may not
 * have had its effect.
 */
export type Compensation =
  /** Start the release that was live again, where the plan had stopped it. */
  | { readonly kind: "restore"; readonly colour: Colour }
  /** Give the traffic back to `to`; null where nothing was live before: the route answers 503. */
  | { readonly kind: "return-traffic"; readonly from: Colour; readonly to: Colour | null }
  /** Remove what the plan had put on its colour. */
  | { readonly kind: "destroy"; readonly colour: Colour };

/**
 * Compensations for a plan of which the step at `reached` is the last that may have had an effect.
 *
 * A rollback whose traffic may have moved is never taken back: what it left was worse (Kargo's rule:
 * never roll a rollback back by itself). It ends where it is and says so.
 */
export function compensationsFor(plan: Plan, reached: number): readonly Compensation[] {
  const done = plan.steps.slice(0, reached + 1);
  const moved = done.find((step) => step.kind === "switch");
  if (moved && plan.kind === "rollback") return [];
  const stopped = done.find((step) => step.kind === "stop");
  const deployed = done.find((step) => step.kind === "deploy");
  // Without a router the switch itself stops the old colour.
  const gone = stopped ?? (moved && plan.router === "none" ? moved : undefined);

  const compensations: Compensation[] = [];
  if (gone && plan.live) compensations.push({ kind: "restore", colour: plan.live.colour });
  if (moved || stopped) {
    const to = plan.live?.colour ?? null;
    compensations.push({ kind: "return-traffic", from: newColour(plan.live), to });
  }
  if (deployed) compensations.push({ kind: "destroy", colour: deployed.colour });
  return compensations;
}

/** The colour that a plan fills: the other one, and blue where nothing was live. */
export function newColour(live: Plan["live"]): Colour {
  return live ? otherColour(live.colour) : "blue";
}

export function compensationTitle(compensation: Compensation): string {
  switch (compensation.kind) {
    case "restore":
      return `start ${compensation.colour} again`;
    case "return-traffic":
      return compensation.to
        ? `return traffic to ${compensation.to}`
        : `take traffic from ${compensation.from}`;
    case "destroy":
      return `remove ${compensation.colour}`;
  }
}
