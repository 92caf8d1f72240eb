import type { Fingerprint } from "../../model/finding.ts";
import type { FindingKind, Observation } from "../../model/observation.ts";
import { byKind, type Facts, numbered, placeKey } from "./by-kind.ts";
import { algorithmOf, keyLength, keyOf } from "./key.ts";
import { toolName } from "./tool-name.ts";

/** What an observation does not say of itself. */
export interface IdentityContext {
  readonly service: string;
  /** Null: not about one environment. */
  readonly environment: string | null;
  /** Tool or adapter, as the report names it. */
  readonly tool: string;
  /** What the report says that it looked at: `Summary.subject`. */
  readonly subject?: string | undefined;
  /** The n-th equal one in its file, from 1; `numberOccurrences` counts a whole report. Default 1. */
  readonly occurrence?: number | undefined;
}

/** All that tells whether an observation is of a finding. */
export interface Identity {
  readonly kind: FindingKind;
  /** The environment that the finding belongs to; null where it is of what is released, wherever that runs. */
  readonly environment: string | null;
  /** Best first. One of these in common, and nothing better that contradicts, is the same finding. */
  readonly fingerprints: readonly Fingerprint[];
  /** Best first: what may stay when a thing moves. It names no single thing: only unique pairs count. */
  readonly drift: readonly Fingerprint[];
  /** Same CWE at the same line: the same place of one release by another tool; null where it has none. */
  readonly spot: string | null;
}

/** What kind of thing it is: what the parser says, else what it has: a secret's value, a place. */
export function kindOf({
  kind,
  place,
  secret,
}: Pick<Observation, "kind" | "place" | "secret">): FindingKind {
  if (kind !== undefined) return kind;
  if (secret !== undefined) return "secret";
  switch (place.kind) {
    case "file":
      return "code";
    case "package":
      return "dependency";
    case "http":
      return "web";
    case "port":
      return "network";
    case "resource":
      return "infrastructure";
  }
}

/**
 * Whether it is about one environment. Code, packages, secrets and the HTTP surface are of the release and the same
 * wherever it runs; ports, machines, what a sensor saw, and resources that are there (not their code) are not.
 */
function isOfEnvironment(observation: Pick<Observation, "kind" | "place" | "secret">): boolean {
  const kind = kindOf(observation);
  if (kind === "infrastructure") return observation.place.kind !== "file";
  return kind === "network" || kind === "host" || kind === "runtime";
}

/** The finding keys of an observation, best first. Values are unique within a service. */
export function fingerprintsOf(
  observation: Observation,
  context: IdentityContext,
): readonly Fingerprint[] {
  return identityOf(observation, context).fingerprints;
}

/**
 * What makes an observation the same as another, by kind. Never part of it: severity, texts for people, absolute
 * lines, versions, times, digests of images, ids of containers.
 *
 * Algorithms that hold a rule end in the tool's name: rules are words of one tool, so two tools' keys never contradict
 * each other, and two rules of one tool always do.
 */
export function identityOf(observation: Observation, context: IdentityContext): Identity {
  const kind = kindOf(observation);
  const environment = isOfEnvironment(observation) ? context.environment : null;
  const facts: Facts = {
    ...observation,
    kind,
    tool: toolName(context.tool),
    where: environment ?? "",
    subject: context.subject,
    occurrence: context.occurrence ?? 1,
  };
  const found = byKind(facts);
  const stated = statedOf(facts.fingerprints);
  return {
    kind,
    environment,
    fingerprints: unique([...nativeOf(facts, stated), ...found.fingerprints]),
    drift: unique([...statedDrift(facts, stated), ...found.drift]),
    spot: spotOf(facts),
  };
}

/** Texts that tools write where they have no id. */
const noId = /^(?:|0+|-+|n\/?a|none|null|undefined|unknown|requires login|not[ -]available)$/i;

/**
 * The tool's own ids. A rule stands beside them, so that an id that is a placeholder, or one that somebody copied
 * from another finding, joins nothing that is not of this rule.
 */
function nativeOf(facts: Facts, stated: Stated): readonly Fingerprint[] {
  const { fingerprint, tool, rule, where } = facts;
  const made: Fingerprint[] = [];
  if (fingerprint !== undefined && !noId.test(fingerprint.trim())) {
    made.push({ algorithm: algorithmOf("native", tool), value: keyOf(where, rule, fingerprint) });
  }
  for (const [name, value] of stated) {
    made.push(numbered(facts, algorithmOf("sarif", name), where, rule, placeKey(facts), value));
  }
  return made;
}

type Stated = readonly (readonly [string, string])[];

/** By name; those about a whole file, a column or a rule alone are shared by many hits. */
function statedOf(fingerprints: Observation["fingerprints"]): Stated {
  if (fingerprints === undefined) return [];
  return Object.entries(fingerprints)
    .filter(([name, value]) => !noId.test(value.trim()) && !isCoarse(name))
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .slice(0, 4);
}

function isCoarse(name: string): boolean {
  return /column/i.test(name) || (/file|rule|category/i.test(name) && !/line|location/i.test(name));
}

/** Without the path: a file that was renamed keeps them. */
function statedDrift(facts: Facts, stated: Stated): readonly Fingerprint[] {
  return stated.map(([name, value]) => ({
    algorithm: algorithmOf("moved/sarif", name),
    value: keyOf(facts.rule, value),
  }));
}

function spotOf({ place, cwe, kind }: Facts): string | null {
  const [only] = cwe;
  if (kind !== "code" || place.kind !== "file" || place.line === undefined) return null;
  return cwe.length === 1 && only !== undefined ? keyOf(only, place.path, place.line) : null;
}

/** Whether a value tells equal ones apart by their order in a file. */
export function isNumbered(value: string): boolean {
  return value.length > keyLength;
}

/** The value of the n-th equal one, from 1. */
export function withNumber(value: string, occurrence: number): string {
  return `${value.slice(0, keyLength)}:${occurrence}`;
}

function unique(all: readonly Fingerprint[]): readonly Fingerprint[] {
  if (all.length < 2) return all;
  return all.filter(
    ({ algorithm, value }, index) =>
      all.findIndex((one) => one.algorithm === algorithm && one.value === value) === index,
  );
}
