import type { Compensation } from "../../strategies/compensation.ts";
import { destroy } from "./destroy.ts";
import { restore } from "./restore.ts";
import { returnTraffic } from "./return-traffic.ts";
import type { StepContext, StepResult } from "../steps/step.ts";

/**
 * Compensations are steps too: they observe, act and are recorded. They never fail for good: what cannot
 * be put right now is tried again until it is, or until a person says otherwise.
 */
export function runCompensation(
  context: StepContext,
  compensation: Compensation,
): Promise<StepResult> {
  switch (compensation.kind) {
    case "restore":
      return restore(context, compensation.colour);
    case "return-traffic":
      return returnTraffic(context, compensation.from, compensation.to);
    case "destroy":
      return destroy(context, compensation.colour);
  }
}
