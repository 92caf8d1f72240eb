import type { Fingerprint } from "../../model/finding.ts";
import type { FindingKind, Observation } from "../../model/observation.ts";
import { vulnerabilityIds } from "./alias.ts";
import { algorithmOf, fieldsOf, keyOf } from "./key.ts";
import { packageKey } from "./package-key.ts";
import { routeTemplate } from "./route.ts";

/** The finding keys of each kind of thing: what it is, where it is, and nothing that changes by itself. */

export interface Facts extends Omit<Observation, "kind"> {
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

export function byKind(facts: Facts): Found {
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
export function placeKey({ place, subject }: Pick<Facts, "place" | "subject">): string {
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

/** One of several equal ones: the number is apart from the key, so that a whole report can be counted afterwards. */
export function numbered(
  { occurrence }: Facts,
  algorithm: string,
  ...fields: readonly (string | number)[]
): Fingerprint {
  return { algorithm, value: `${keyOf(...fields)}:${occurrence}` };
}
