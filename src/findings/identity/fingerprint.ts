import type { Fingerprint } from "../../model/finding.ts";
import type { FindingKind, Observation } from "../../model/observation.ts";
import { vulnerabilityIds } from "./alias.ts";
import { algorithmOf, fieldsOf, keyLength, keyOf } from "./key.ts";
import { packageKey } from "./package-key.ts";
import { routeTemplate } from "./route.ts";
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

/** What kind of thing it is: what the parser says, else what its place says. */
export function kindOf({ kind, place }: Pick<Observation, "kind" | "place">): FindingKind {
  if (kind !== undefined) return kind;
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
export function isOfEnvironment(observation: Pick<Observation, "kind" | "place">): boolean {
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
  return {
    kind,
    environment,
    fingerprints: unique([...nativeOf(facts), ...found.fingerprints]),
    drift: unique([...statedDrift(facts), ...found.drift]),
    spot: spotOf(facts),
  };
}

interface Facts extends Omit<Observation, "kind"> {
  readonly kind: FindingKind;
  readonly tool: string;
  readonly where: string;
  readonly subject: string | undefined;
  readonly occurrence: number;
}

interface Found {
  readonly fingerprints: readonly Fingerprint[];
  readonly drift: readonly Fingerprint[];
}

function byKind(facts: Facts): Found {
  switch (facts.kind) {
    case "dependency":
      return ofDependency(facts);
    case "license":
      return ofLicense(facts);
    case "secret":
      return ofSecret(facts);
    case "web":
      return ofWeb(facts);
    case "code":
      return ofCode(facts);
    case "infrastructure":
      return ofInfrastructure(facts);
    case "network":
    case "host":
    case "runtime":
    case "test":
    case "report":
      return ofPlace(facts);
  }
}

/** Texts that tools write where they have no id. */
const noId = /^(?:|0+|-+|n\/?a|none|null|undefined|unknown|requires login|not[ -]available)$/i;

/**
 * The tool's own ids. A rule stands beside them, so that an id that is a placeholder, or one that somebody copied
 * from another finding, joins nothing that is not of this rule.
 */
function nativeOf(facts: Facts): readonly Fingerprint[] {
  const { fingerprint, fingerprints, tool, rule, where } = facts;
  const made: Fingerprint[] = [];
  if (fingerprint !== undefined && !noId.test(fingerprint.trim())) {
    made.push({ algorithm: algorithmOf("native", tool), value: keyOf(where, rule, fingerprint) });
  }
  for (const [name, value] of statedOf(fingerprints)) {
    made.push(numbered(facts, algorithmOf("sarif", name), where, rule, placeKey(facts), value));
  }
  return made;
}

/** By name; those about a whole file, a column or a rule alone are shared by many hits. */
function statedOf(
  fingerprints: Observation["fingerprints"],
): readonly (readonly [string, string])[] {
  return Object.entries(fingerprints ?? {})
    .filter(([name, value]) => !noId.test(value.trim()) && !isCoarse(name))
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .slice(0, 4);
}

function isCoarse(name: string): boolean {
  return /column/i.test(name) || (/file|rule|category/i.test(name) && !/line|location/i.test(name));
}

/** Without the path: a file that was renamed keeps them. */
function statedDrift(facts: Facts): readonly Fingerprint[] {
  return statedOf(facts.fingerprints).map(([name, value]) => ({
    algorithm: algorithmOf("moved/sarif", name),
    value: keyOf(facts.rule, value),
  }));
}

function ofCode(facts: Facts): Found {
  const { rule, scope = "", context = "", tool } = facts;
  const file = placeKey(facts);
  return {
    fingerprints: [
      numbered(facts, algorithmOf("tidelock-code/1", tool), rule, file, scope, context),
    ],
    drift: movedFile(facts),
  };
}

function movedFile({ rule, scope = "", context, place, tool }: Facts): readonly Fingerprint[] {
  if (context !== undefined) {
    return [{ algorithm: algorithmOf("moved/code", tool), value: keyOf(rule, scope, context) }];
  }
  if (place.kind !== "file") return [];
  const name = place.path.slice(place.path.lastIndexOf("/") + 1);
  return [{ algorithm: algorithmOf("moved/name", tool), value: keyOf(rule, scope, name) }];
}

/** Vulnerability, package of any version, and where it is; tools share it. */
function ofDependency(facts: Facts): Found {
  const { rule, aliases, place, tool, subject, scope = "" } = facts;
  const ids = vulnerabilityIds(rule, aliases);
  const names = ids.length > 0 ? ids : [{ namespace: `rule/${tool}`, id: rule }];
  if (place.kind !== "package") {
    const at = placeKey(facts);
    return {
      fingerprints: names.map(({ namespace, id }) => ({
        algorithm: algorithmOf("tidelock-dependency-place/1", namespace),
        value: keyOf(id, at, scope),
      })),
      drift: [],
    };
  }
  const { purl, name, target } = packageKey(place, subject);
  const fingerprints: Fingerprint[] = [];
  const drift: Fingerprint[] = [];
  for (const { namespace, id } of names) {
    if (purl !== null) {
      fingerprints.push({
        algorithm: algorithmOf("tidelock-dependency/1", namespace),
        value: keyOf(id, purl, target),
      });
    }
    drift.push({
      algorithm: algorithmOf("moved/dependency", namespace),
      value: keyOf(id, purl ?? name),
    });
  }
  // Some tools give no package URL: by name they find those that do.
  for (const { namespace, id } of names.slice(0, 2)) {
    fingerprints.push({
      algorithm: algorithmOf("tidelock-dependency-name/1", namespace),
      value: keyOf(id, name.toLowerCase(), target),
    });
  }
  return { fingerprints, drift };
}

function ofLicense(facts: Facts): Found {
  const { rule, place, subject, tool } = facts;
  if (place.kind !== "package") return ofPlace(facts);
  const { purl, name, target } = packageKey(place, subject);
  return {
    fingerprints: [
      {
        algorithm: algorithmOf("tidelock-license/1", tool),
        value: keyOf(rule, purl ?? name, target),
      },
    ],
    drift: [],
  };
}

/** A value in a file, whatever the rule that noticed it: tools share it. */
function ofSecret(facts: Facts): Found {
  const { secret, rule, context = "", scope = "", tool } = facts;
  const file = placeKey(facts);
  const byPlace = numbered(
    facts,
    algorithmOf("tidelock-secret-nth/1", tool),
    rule,
    file,
    scope,
    context,
  );
  if (secret === undefined) return { fingerprints: [byPlace], drift: movedFile(facts) };
  return {
    fingerprints: [{ algorithm: "tidelock-secret/1", value: keyOf(secret, file) }, byPlace],
    drift: [{ algorithm: "moved/secret", value: keyOf(secret) }],
  };
}

/** Of the release: the same route is the same in testing and in production. */
function ofWeb(facts: Facts): Found {
  const { rule, place, cwe, tool } = facts;
  if (place.kind !== "http") return ofPlace(facts);
  const parameter = place.parameter ?? "";
  const route = routeTemplate(place.route);
  const [only] = cwe;
  return {
    fingerprints: [
      {
        algorithm: algorithmOf("tidelock-web/1", tool),
        value: keyOf(rule, place.method, route, parameter),
      },
      // Without a parameter many things have one CWE at one route: each missing header is 693.
      ...(cwe.length === 1 && only !== undefined && parameter !== ""
        ? [
            {
              algorithm: "tidelock-web-cwe/1",
              value: keyOf(only, place.method, route, parameter),
            },
          ]
        : []),
    ],
    drift: [],
  };
}

/** Check and address of the resource; where the tool names none, the n-th one in its file. */
function ofInfrastructure(facts: Facts): Found {
  const { rule, scope = "", context = "", where, place, tool } = facts;
  const algorithm = algorithmOf("tidelock-infrastructure/1", tool);
  if (place.kind !== "file") {
    return {
      fingerprints: [{ algorithm, value: keyOf(where, rule, placeKey(facts), scope) }],
      drift: [],
    };
  }
  if (scope === "") {
    return {
      fingerprints: [
        numbered(
          facts,
          algorithmOf("tidelock-infrastructure-nth/1", tool),
          where,
          rule,
          place.path,
          context,
        ),
      ],
      drift: movedFile(facts),
    };
  }
  return {
    fingerprints: [{ algorithm, value: keyOf(where, rule, place.path, scope) }],
    drift: [{ algorithm: algorithmOf("moved/resource", tool), value: keyOf(rule, scope) }],
  };
}

/** Rule and place: ports, machines, workloads, tests, people's reports. */
function ofPlace(facts: Facts): Found {
  const { rule, kind, scope = "", where, place, tool } = facts;
  const fields = [where, rule, placeKey(facts), scope];
  return {
    fingerprints:
      place.kind === "file" && kind !== "test"
        ? [numbered(facts, algorithmOf(`tidelock-${kind}-nth/1`, tool), ...fields)]
        : [{ algorithm: algorithmOf(`tidelock-${kind}/1`, tool), value: keyOf(...fields) }],
    drift: [],
  };
}

/** A place without lines, versions and values of one run. */
function placeKey({ place, subject }: Pick<Facts, "place" | "subject">): string {
  switch (place.kind) {
    case "file":
      return fieldsOf(["file", place.path]);
    case "package": {
      const { purl, name, target } = packageKey(place, subject);
      return fieldsOf(["package", purl ?? name, target]);
    }
    case "http":
      return fieldsOf(["http", place.method, routeTemplate(place.route), place.parameter ?? ""]);
    case "port":
      return fieldsOf(["port", place.host.toLowerCase(), place.port, place.protocol]);
    case "resource":
      return fieldsOf(["resource", withoutDigest(place.name)]);
  }
}

/** An image's digest and a container's id are of one deployment. */
function withoutDigest(name: string): string {
  return name.replaceAll(/@?sha256:[0-9a-f]{64}/gi, "").replaceAll(/\b[0-9a-f]{64}\b/gi, "{id}");
}

function spotOf({ place, cwe, kind }: Facts): string | null {
  const [only] = cwe;
  if (kind !== "code" || place.kind !== "file" || place.line === undefined) return null;
  return cwe.length === 1 && only !== undefined ? keyOf(only, place.path, place.line) : null;
}

/** One of several equal ones: the number is apart from the key, so that a whole report can be counted afterwards. */
function numbered(
  { occurrence }: Facts,
  algorithm: string,
  ...fields: readonly (string | number)[]
): Fingerprint {
  return { algorithm, value: `${keyOf(...fields)}:${occurrence}` };
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
