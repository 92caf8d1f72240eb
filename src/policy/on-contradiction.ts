import type { Environment, OnContradiction, Pipeline } from "../model/pipeline.ts";

/** What is done about what is live and contradicted. */
export interface OnContradicted {
  /** The line is stopped. */
  readonly hold: boolean;
  /** The traffic goes back. */
  readonly back: boolean;
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
  return { hold: asked.includes("hold"), back: asked.includes("return") };
}
