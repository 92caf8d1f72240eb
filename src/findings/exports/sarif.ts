import type { Severity } from "../../model/observation.ts";
import { severityOfScore } from "../observe.ts";
import {
  type About,
  acceptedIn,
  acceptedText,
  type ExportedFinding,
  type Exporter,
  fingerprintsOf,
  isGone,
  uuidOf,
} from "./exported.ts";

const schema =
  "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/** More rules have no descriptor of their own: a reader keeps to the result, and memory is bounded. */
const mostRules = 20_000;

/**
 * SARIF 2.1.0 (OASIS): a run of Tidelock, a result a finding. Suppressed is a false positive, and what is accepted
 * wherever the document speaks of; what is gone is `absent` where the document is about a release, else of kind `pass`. The rules stand behind the results, so that
 * nothing has to be known beforehand.
 */
export const exportSarif: Exporter = async function* (findings, about) {
  const rules = new Map<string, number>();
  const descriptors: object[] = [];
  yield `{"$schema":${JSON.stringify(schema)},"version":"2.1.0","runs":[{"results":[`;
  let separator = "\n";
  for await (const finding of findings) {
    if (!rules.has(finding.rule) && rules.size < mostRules) {
      rules.set(finding.rule, descriptors.length);
      descriptors.push(ruleOf(finding));
    }
    yield separator + JSON.stringify(resultOf(finding, about, rules.get(finding.rule)));
    separator = ",\n";
  }
  const driver = {
    name: "Tidelock",
    version: about.version,
    rules: descriptors,
  };
  const automationDetails = {
    id: `tidelock/${about.service}/`,
    guid: uuidOf("sarif", about.service, about.release?.id ?? null, about.at),
  };
  yield `\n],"columnKind":"utf16CodeUnits","tool":${JSON.stringify({ driver })},`;
  yield `"automationDetails":${JSON.stringify(automationDetails)}}]}\n`;
};

function ruleOf({ rule, title, references, cwe }: ExportedFinding): object {
  const help = references.find((link) => URL.canParse(link));
  return {
    id: rule,
    shortDescription: { text: title || rule },
    ...(help === undefined ? {} : { helpUri: help }),
    ...(cwe.length === 0
      ? {}
      : { properties: { tags: cwe.map((one) => `external/cwe/cwe-${one}`) } }),
  };
}

const levels: Readonly<Record<Severity, string>> = {
  critical: "error",
  high: "error",
  medium: "warning",
  low: "note",
  info: "note",
};

/** The lowest score of each band (CVSS 3.1, section 5). */
const floors: Readonly<Record<Severity, string>> = {
  critical: "9.0",
  high: "7.0",
  medium: "4.0",
  low: "0.1",
  info: "0.0",
};

/** Code scanning sorts by this number: a tool's own score, where it says the same as the severity. */
function scoreOf({ severity, cvss }: ExportedFinding): string {
  const own = cvss.find(({ score }) => severityOfScore(score) === severity);
  return own === undefined ? floors[severity] : own.score.toFixed(1);
}

function resultOf(finding: ExportedFinding, about: About, ruleIndex: number | undefined): object {
  const { rule, severity, title, message } = finding;
  const gone = isGone(finding);
  const fingerprints = fingerprintsOf(finding);
  const passed = gone && about.release === null;
  return {
    ruleId: rule,
    ...(ruleIndex === undefined ? {} : { ruleIndex }),
    kind: passed ? "pass" : "fail",
    // Whatever is no failure has the level `none` (3.27.10).
    level: passed ? "none" : levels[severity],
    message: { text: message || title || rule },
    locations: [locationOf(finding)],
    ...(Object.keys(fingerprints).length === 0 ? {} : { fingerprints }),
    // Of one run either all results say, or none (3.27.23).
    suppressions: suppressionsOf(finding, about),
    ...(about.release === null ? {} : { baselineState: stateOf(finding, about.release.id) }),
    properties: {
      "security-severity": scoreOf(finding),
      tags: ["security", ...finding.cwe.map((one) => `external/cwe/cwe-${one}`)],
      tidelock: ownOf(finding),
    },
  };
}

/** SARIF 3.35: outside of the code, and accepted, is what people here have judged or accepted. */
function suppressionsOf(finding: ExportedFinding, about: About): readonly object[] {
  const { status, falsePositive } = finding;
  const suppressed = (justification: string) => ({
    kind: "external",
    status: "accepted",
    justification,
  });
  if (status === "false-positive") {
    return [suppressed(falsePositive?.reason || "reviewed as a false positive")];
  }
  if (isGone(finding)) return [];
  return acceptedIn(finding, about).map((one) => suppressed(acceptedText([one])));
}

function stateOf(finding: ExportedFinding, release: string): string {
  if (isGone(finding)) return "absent";
  return finding.firstRelease === release ? "new" : "unchanged";
}

function locationOf({ place, scope }: ExportedFinding): object {
  const logical = (name: string) => [{ fullyQualifiedName: name }];
  switch (place.kind) {
    case "file":
      return {
        physicalLocation: {
          artifactLocation: { uri: uriOf(place.path) },
          ...(place.line === undefined ? {} : { region: { startLine: place.line } }),
        },
        ...(scope === null ? {} : { logicalLocations: logical(scope) }),
      };
    case "package":
      return {
        ...(place.path === undefined
          ? {}
          : { physicalLocation: { artifactLocation: { uri: uriOf(place.path) } } }),
        logicalLocations: logical(place.purl ?? `${place.name}@${place.version}`),
      };
    case "http":
      return { logicalLocations: logical(`${place.method} ${place.route}`) };
    case "port":
      return { logicalLocations: logical(`${place.host}:${place.port}/${place.protocol}`) };
    case "resource":
      return { logicalLocations: logical(place.name) };
  }
}

/** Each segment encoded; a first one with a colon would be a scheme. */
function uriOf(path: string): string {
  return path.toWellFormed().split("/").map(encodeURIComponent).join("/");
}

/** What SARIF has no field for: as built-in scanners write it (parsers/sarif/place.ts), and who it is here. */
function ownOf(finding: ExportedFinding): object {
  const { id, kind, status, tools, place, aliases, cwe, fixedIn, firstSeen, lastSeen } = finding;
  return {
    id,
    kind,
    status,
    tools,
    firstSeen,
    lastSeen,
    ...(aliases.length === 0 ? {} : { aliases }),
    ...(cwe.length === 0 ? {} : { cwe }),
    ...(fixedIn === null ? {} : { fixedIn }),
    ...(finding.accepted.length === 0 ? {} : { acceptedRisks: finding.accepted }),
    ...placeOf(place),
  };
}

function placeOf(place: ExportedFinding["place"]): object {
  switch (place.kind) {
    case "file":
      return {};
    case "package": {
      const { kind: _kind, ...rest } = place;
      return { package: rest };
    }
    case "http": {
      const { method, route, parameter } = place;
      return { method, route, ...(parameter === undefined ? {} : { parameter }) };
    }
    case "port": {
      const { host, port, protocol } = place;
      return { port: { host, port, protocol } };
    }
    case "resource":
      return { resource: place.name };
  }
}
