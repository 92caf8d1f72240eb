import { createHash } from "node:crypto";

/**
 * The one writer of SARIF 2.1.0 (OASIS, sarif-v2.1.0-errata01) for the checks that are built in. What it
 * writes is deterministic: no time, no machine, results worst first and then by place.
 */

export interface SarifRule {
  readonly id: string;
  readonly title: string;
  /** What is wrong, and what to do instead. */
  readonly help: string;
  /** As a CVSS score reads: >= 9 critical, >= 7 high, >= 4 medium, > 0 low, 0 for information. */
  readonly severity: number;
  readonly cwe: readonly number[];
}

/** A rule as the tables of the scanners write them, a line each. */
export function sarifRule(
  id: string,
  severity: number,
  cwe: readonly number[],
  title: string,
  help: string,
): SarifRule {
  return { id, severity, cwe, title, help };
}

export interface SarifResult {
  readonly rule: string;
  readonly message: string;
  readonly place:
    | {
        readonly kind: "file";
        readonly path: string;
        readonly line: number;
        readonly column?: number;
      }
    /** What is no file: a route, a package (with the file that names it), a resource. */
    | { readonly kind: "logical"; readonly name: string; readonly path?: string };
  /** What makes it the same hit in the next scan. */
  readonly fingerprint: string;
  /** Where this hit is graver or lighter than its rule. */
  readonly severity?: number;
  /** Against the release that is live: SARIF's `baselineState`. */
  readonly baseline?: "new" | "unchanged";
  /** Property bag; a DAST result has `tidelock` in it. */
  readonly properties?: Readonly<Record<string, unknown>>;
}

export interface SarifRun {
  readonly tool: string;
  readonly version: string;
  readonly rules: readonly SarifRule[];
  readonly results: readonly SarifResult[];
  /** What could not be read, as the run's own words. */
  readonly notifications?: readonly string[];
  readonly properties?: Readonly<Record<string, unknown>>;
  /** Bytes that the document may have; results that do not fit are left out, mildest first. */
  readonly maxBytes?: number;
}

/** A report is kept whole up to 1 MiB; this leaves room for what blanking secrets may add. */
const defaultMaxBytes = 900_000;

/** @returns the document, and how many results did not fit: such a report is not whole */
export function writeSarif(run: SarifRun): { readonly text: string; readonly omitted: number } {
  const rules = [...run.rules].sort((a, b) => compare(a.id, b.id));
  const byId = new Map(rules.map((rule, index) => [rule.id, { rule, index }]));
  const severityOf = (result: SarifResult) =>
    result.severity ?? byId.get(result.rule)?.rule.severity ?? 0;
  const sorted = [...run.results].sort(
    (a, b) =>
      severityOf(b) - severityOf(a) ||
      compare(placeText(a), placeText(b)) ||
      compare(a.rule, b.rule),
  );
  const used = new Set(sorted.map(({ rule }) => rule));
  const document = (results: readonly object[]) => ({
    $schema:
      "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: run.tool,
            version: run.version,
            rules: rules.map((rule) => toRule(rule, used.has(rule.id))),
          },
        },
        invocations: [
          {
            executionSuccessful: true,
            ...(run.notifications === undefined || run.notifications.length === 0
              ? {}
              : {
                  toolExecutionNotifications: run.notifications.map((text) => ({
                    level: "warning",
                    message: { text },
                  })),
                }),
          },
        ],
        columnKind: "utf16CodeUnits",
        results,
        ...(run.properties === undefined ? {} : { properties: run.properties }),
      },
    ],
  });
  const most = run.maxBytes ?? defaultMaxBytes;
  let left = most - Buffer.byteLength(JSON.stringify(document([])));
  const kept: object[] = [];
  for (const result of sorted) {
    const value = toResult(result, severityOf(result), byId.get(result.rule)?.index);
    left -= Buffer.byteLength(JSON.stringify(value)) + 1;
    if (left < 0) break;
    kept.push(value);
  }
  return { text: JSON.stringify(document(kept)), omitted: sorted.length - kept.length };
}

/** A short name for a set of rules: evidence says by which rules it was made. */
export function rulesDigest(rules: readonly SarifRule[]): string {
  const sorted = [...rules].sort((a, b) => compare(a.id, b.id));
  const facts = sorted.map(({ id, severity, cwe, help }) => [id, severity, cwe, help]);
  return `sha256:${createHash("sha256").update(JSON.stringify(facts)).digest("hex")}`;
}

/** The help of a rule that no result names is left out: a clean report stays short. */
function toRule(rule: SarifRule, used: boolean): object {
  return {
    id: rule.id,
    shortDescription: { text: rule.title },
    ...(used ? { help: { text: rule.help } } : {}),
    defaultConfiguration: { level: levelOf(rule.severity) },
    properties: {
      "security-severity": rule.severity.toFixed(1),
      tags: [
        "security",
        ...rule.cwe.map((cwe) => `external/cwe/cwe-${String(cwe).padStart(3, "0")}`),
      ],
    },
  };
}

function toResult(result: SarifResult, severity: number, index: number | undefined): object {
  const { place } = result;
  const path = place.path;
  const physical =
    path === undefined
      ? {}
      : {
          physicalLocation: {
            artifactLocation: { uri: encodeURI(path).replaceAll(/[?#]/g, encodeURIComponent) },
            ...(place.kind === "file"
              ? {
                  region: {
                    startLine: place.line,
                    ...(place.column === undefined ? {} : { startColumn: place.column }),
                  },
                }
              : {}),
          },
        };
  const logical =
    place.kind === "logical" ? { logicalLocations: [{ fullyQualifiedName: place.name }] } : {};
  return {
    ruleId: result.rule,
    ...(index === undefined ? {} : { ruleIndex: index }),
    level: levelOf(severity),
    message: { text: result.message },
    locations: [{ ...physical, ...logical }],
    partialFingerprints: { "tidelock/v1": result.fingerprint },
    ...(result.baseline === undefined ? {} : { baselineState: result.baseline }),
    properties: { "security-severity": severity.toFixed(1), ...result.properties },
  };
}

function levelOf(severity: number): "error" | "warning" | "note" {
  return severity >= 7 ? "error" : severity >= 4 ? "warning" : "note";
}

function placeText({ place }: SarifResult): string {
  return place.kind === "file"
    ? `${place.path}\0${String(place.line).padStart(9, "0")}`
    : `${place.path ?? ""}\0${place.name}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
