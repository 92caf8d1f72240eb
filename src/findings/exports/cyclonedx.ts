import {
  type About,
  compare,
  type ExportedFinding,
  type Exporter,
  fingerprintsOf,
  productOf,
  uuidOf,
} from "./exported.ts";
import { ownText } from "./generic.ts";
import { actionOf, cyclonedxWords, otherNames, standingOf } from "./vex.ts";

/**
 * CycloneDX 1.6 (ECMA-424) as VEX: a vulnerability a finding, and the packages that they are in as components. The
 * components stand behind the vulnerabilities, so that nothing has to be known beforehand; memory is that of the
 * distinct packages.
 */
export const exportCyclonedx: Exporter = async function* (findings, about) {
  const components = new Map<string, object>();
  const product = productOf(about);
  const frame = {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${uuidOf("cyclonedx", about.service, about.release?.id ?? null, about.at)}`,
    version: 1,
    metadata: {
      timestamp: about.at,
      tools: { components: [{ type: "application", name: "Tidelock", version: about.version }] },
      component: {
        type: "application",
        "bom-ref": product,
        name: about.service,
        ...(about.release?.version ? { version: about.release.version } : {}),
        purl: product,
      },
    },
  };
  yield `${JSON.stringify(frame).slice(0, -1)},"vulnerabilities":[`;
  let separator = "\n";
  for await (const finding of findings) {
    const component = componentOf(finding);
    if (component) components.set(component["bom-ref"], component);
    const ref = component?.["bom-ref"] ?? product;
    yield separator + JSON.stringify(vulnerabilityOf(finding, ref, about));
    separator = ",\n";
  }
  yield '\n],"components":[';
  separator = "\n";
  for (const [, component] of [...components].sort(([one], [other]) => compare(one, other))) {
    yield separator + JSON.stringify(component);
    separator = ",\n";
  }
  yield "\n]}\n";
};

function componentOf({ place }: ExportedFinding): { readonly "bom-ref": string } | null {
  if (place.kind !== "package") return null;
  const { name, version, purl, path } = place;
  const ref = `${purl ?? `${name}@${version}`}${path === undefined ? "" : `#${path}`}`;
  const component = {
    type: "library",
    "bom-ref": ref === "" ? "unnamed" : ref,
    name: name || "unnamed",
    ...(version === "" ? {} : { version }),
    ...(purl === undefined ? {} : { purl }),
    ...(path === undefined ? {} : { evidence: { occurrences: [{ location: path || "." }] } }),
  };
  return component;
}

const methods = { "2.0": "CVSSv2", "3.0": "CVSSv3", "3.1": "CVSSv31", "4.0": "CVSSv4" } as const;

function vulnerabilityOf(finding: ExportedFinding, ref: string, about: About): object {
  const { id, rule, severity, cvss, cwe, message, title, fixedIn, references } = finding;
  const others = otherNames(finding);
  const links = [...new Set(references)].filter((link) => URL.canParse(link));
  return {
    "bom-ref": id,
    id: rule || "unnamed",
    source: { name: sourceOf(rule) },
    ...(others.length === 0
      ? {}
      : { references: others.map((name) => ({ id: name, source: { name: sourceOf(name) } })) }),
    ratings: [
      { source: { name: "Tidelock" }, severity, method: "other" },
      ...cvss.map(({ version, score, vector }) => ({
        score,
        method: methods[version],
        ...(vector === undefined ? {} : { vector }),
      })),
    ],
    ...(cwe.length === 0 ? {} : { cwes: cwe }),
    description: title || rule,
    ...(message === "" ? {} : { detail: message }),
    ...(fixedIn === null ? {} : { recommendation: actionOf(finding) }),
    ...(links.length === 0 ? {} : { advisories: links.map((url) => ({ url })) }),
    analysis: analysisOf(finding, about),
    affects: [{ ref }],
    properties: [
      { name: "tidelock:status", value: finding.status },
      { name: "tidelock:finding", value: ownText(finding) },
      ...Object.entries(fingerprintsOf(finding)).map(([algorithm, value]) => ({
        name: `tidelock:fingerprint:${algorithm}`,
        value,
      })),
    ],
  };
}

/** Who gives names of that form. */
function sourceOf(name: string): string {
  if (/^CVE-\d/.test(name)) return "NVD";
  return name.startsWith("GHSA-") ? "GitHub" : "Tidelock";
}

/** `not_affected` only with a justification: without one the standard leaves it to the reader what was looked at. */
function analysisOf(finding: ExportedFinding, about: About): object {
  const standing = standingOf(finding, about);
  const times = { firstIssued: finding.firstSeen, lastUpdated: finding.lastSeen };
  switch (standing.state) {
    case "triage":
      return { state: "in_triage", ...times };
    case "affected":
      return { state: "exploitable", detail: actionOf(finding), ...times };
    case "fixing":
      return { state: "exploitable", response: ["update"], detail: actionOf(finding), ...times };
    // Its words for a risk that is taken: it can be exploited, and the response is not to fix it for now.
    case "accepted":
      return {
        state: "exploitable",
        response: ["will_not_fix"],
        detail: `${standing.statement}. ${actionOf(finding)}`,
        ...times,
      };
    case "gone":
      return { state: "resolved", ...times };
    case "false-positive":
      return { state: "false_positive", detail: standing.statement, ...times };
    case "not-affected":
      if (standing.justification === null) {
        return { state: "in_triage", detail: standing.statement, ...times };
      }
      return {
        state: "not_affected",
        justification: cyclonedxWords[standing.justification],
        detail: standing.statement,
        ...times,
      };
  }
}
