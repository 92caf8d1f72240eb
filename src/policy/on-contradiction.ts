import { type Environment, OnContradiction, type Pipeline } from "../model/pipeline.ts";

/** What the service's file asks for and what the environment's owners ask for at least: the stricter one. Pure. */
export function onContradiction(
  pipeline: Pipeline | undefined,
  environment: Environment | undefined,
): OnContradiction {
  const name = environment?.metadata.name;
  const asked = [
    environment?.spec.floor.onContradiction,
    pipeline?.spec.environments.find((lane) => lane.name === name)?.onContradiction,
  ];
  const strict = asked.map((one) => OnContradiction.options.indexOf(one ?? "alert"));
  return OnContradiction.options[Math.max(...strict)] ?? "alert";
}
