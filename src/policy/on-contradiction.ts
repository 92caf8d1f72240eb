import type { OnContradiction } from "../model/incident-policy.ts";
import type { Environment, Pipeline } from "../model/pipeline.ts";

/** What is done about what is live and contradicted. */
export interface OnContradicted {
  /** The line is stopped. */
  readonly hold: boolean;
  /** The traffic goes back. */
  readonly back: boolean;
  /** Where it cannot go back to anything better, nobody gets it any more. */
  readonly isolate: boolean;
}

/**
 * What the service's file asks for and what the environment's owners ask for at least: both of it. A file that asks for
 * `return` where the owners ask for `hold` has the line stopped all the same. Pure.
 */
export function onContradiction(
  pipeline: Pipeline | undefined,
  environment: Environment | undefined,
): OnContradicted {
  const name = environment?.metadata.name;
  const asked: readonly (OnContradiction | undefined)[] = [
    environment?.spec.floor.onContradiction,
    pipeline?.spec.environments.find((lane) => lane.name === name)?.onContradiction,
  ];
  const isolate = asked.includes("isolate");
  return { hold: asked.includes("hold"), back: isolate || asked.includes("return"), isolate };
}

/** Whether a grave signal of a runtime control stops the line: either may ask for it. Pure. */
export function stopsOnSignal(
  pipeline: Pipeline | undefined,
  environment: Environment | undefined,
): boolean {
  const name = environment?.metadata.name;
  const lane = pipeline?.spec.environments.find((one) => one.name === name);
  return [environment?.spec.floor.onSignal, lane?.onSignal].includes("stop-the-line");
}
