import { digestOf } from "../model/canonical.ts";
import type { Environment, Pipeline } from "../model/pipeline.ts";
import type { Digest } from "../model/primitives.ts";

/**
 * What of a document says where and how something runs. Everything else is policy: a field that nobody has thought
 * about is governed like a gate.
 */
const wiring = {
  environment: ["target", "router"],
  lane: ["strategy", "replicas", "drain", "timeout"],
} as const;

/** Plain data, for comparing, hashing and showing; not to be parsed as a document. */
export type PolicyPart = Readonly<Record<string, unknown>>;

/** The owners' part: floor, requirements, whose findings count, windows. */
export function environmentPolicy({ metadata, spec }: Environment): PolicyPart {
  return { name: metadata.name, ...without(spec, wiring.environment) };
}

/**
 * The service's own part of one environment: preset, checks, rules, soak, and which environments come first, whether
 * the file names them or its order does. Null when the pipeline does not go there.
 */
export function lanePolicy(pipeline: Pipeline, environment: string): PolicyPart | null {
  const lane = pipeline.spec.environments.find(({ name }) => name === environment);
  if (lane === undefined) return null;
  return {
    service: pipeline.metadata.name,
    ...without(lane, wiring.lane),
    ...wholeService(pipeline),
    after: predecessorsOf(pipeline, environment),
  };
}

/** What the file says of every environment at once. */
function wholeService({ spec }: Pipeline): PolicyPart {
  const { requirements, threatModel } = spec;
  return {
    ...(requirements === undefined ? {} : { requirements }),
    ...(threatModel === undefined ? {} : { threatModel }),
  };
}

/** What a decision in one environment of one service is made under; its digest stands in the decision. */
export function policyOf(pipeline: Pipeline, environment: Environment): PolicyPart {
  return {
    kind: "Policy",
    formatVersion: 1,
    environment: environmentPolicy(environment),
    pipeline: lanePolicy(pipeline, environment.metadata.name),
  };
}

export function policyDigest(pipeline: Pipeline, environment: Environment): Digest {
  return digestOf(policyOf(pipeline, environment));
}

/** Environments that must have verified a release first: those named, else the one above in the list. */
export function predecessorsOf(pipeline: Pipeline, environment: string): readonly string[] {
  const all = pipeline.spec.environments;
  const place = all.findIndex((candidate) => candidate.name === environment);
  const wish = all[place];
  if (!wish) return [];
  if (wish.after) return wish.after;
  const above = all[place - 1];
  return above ? [above.name] : [];
}

/** The same, and those that the environment's owners demand of every service. */
export function demandedBefore(
  pipeline: Pipeline,
  { metadata, spec }: Environment,
): readonly string[] {
  const own = predecessorsOf(pipeline, metadata.name);
  return [...new Set([...own, ...(spec.floor.after ?? [])])];
}

/** All that must have verified a release before it comes there, one way or another. */
export function allBefore(pipeline: Pipeline, environment: string): ReadonlySet<string> {
  const found = new Set<string>();
  const next = [...predecessorsOf(pipeline, environment)];
  for (let name = next.pop(); name !== undefined; name = next.pop()) {
    if (found.has(name)) continue;
    found.add(name);
    next.push(...predecessorsOf(pipeline, name));
  }
  return found;
}

function without(value: object, names: readonly string[]): PolicyPart {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)));
}
