import { z } from "zod";

/** Worst first. A tool's own words and numbers are mapped to these by the parser of its format. */
export const Severity = z.enum(["critical", "high", "medium", "low", "info"]);
export type Severity = z.infer<typeof Severity>;

export const severities: readonly Severity[] = Severity.options;

/** True when `severity` is as bad as `threshold`, or worse. */
export function isAtLeast(severity: Severity, threshold: Severity): boolean {
  return severities.indexOf(severity) <= severities.indexOf(threshold);
}

const text = (most: number) => z.string().max(most);
const path = text(1_024);

/** Where a hit was: in a file, in a package, at a place of the HTTP surface, at a port, or in a resource. */
export const ObservationPlace = z.discriminatedUnion("kind", [
  /** `path` is relative to the scanned tree, with `/`. */
  z.strictObject({ kind: z.literal("file"), path, line: z.int().positive().optional() }),
  z.strictObject({
    kind: z.literal("package"),
    /** Package URL (purl-spec) where the tool gives one. */
    purl: path.optional(),
    name: text(512),
    version: text(256),
    path: path.optional(),
  }),
  z.strictObject({
    kind: z.literal("http"),
    method: text(32),
    /** Template where known: `/items/{id}`, never with values of one run. */
    route: path,
    parameter: text(256).optional(),
  }),
  z.strictObject({
    kind: z.literal("port"),
    host: text(256),
    port: z.int().min(0).max(65_535),
    protocol: z.enum(["tcp", "udp"]).default("tcp"),
  }),
  z.strictObject({ kind: z.literal("resource"), name: path }),
]);
export type ObservationPlace = z.infer<typeof ObservationPlace>;

/**
 * One hit in one scan, as a parser read it from a tool's report. What is behind many of them is a finding.
 * All texts are the tool's, and therefore perhaps the scanned program's: hostile until escaped.
 */
export const Observation = z.strictObject({
  /** The tool's name for what it looks for: `javascript.lang.security.eval`, `CVE-2021-23337`, `40012`. */
  rule: text(512),
  severity: Severity,
  /** False when the tool gave none, and ours is a guess that errs on the bad side. */
  severityStated: z.boolean().default(true),
  title: text(512),
  message: text(4_096).default(""),
  place: ObservationPlace,
  cwe: z.array(z.int().positive()).max(32).default([]),
  /** Other names of the same thing: CVE, GHSA … */
  aliases: z.array(text(128)).max(64).default([]),
  /** First version in which it is repaired, of a package. */
  fixedIn: text(256).optional(),
  /** What the tool itself says makes this the same hit in the next scan. */
  fingerprint: text(512).optional(),
  /** The tool says somebody asked it to keep quiet about this one. It counts all the same. */
  suppressed: z.boolean().default(false),
  /** The live release has this hit as well (SARIF's `baselineState`): it is not new, and not judged again. */
  unchanged: z.boolean().default(false),
});
export type Observation = z.infer<typeof Observation>;

/** Something in the scanned tree that asks a scanner to look away: it is not obeyed, and is reported. */
export const SuppressionRequest = z.strictObject({
  path,
  line: z.int().positive().optional(),
  /** Whom it speaks to: `semgrep`, `eslint` … */
  tool: text(64),
  /** The asking words. */
  text: text(512),
});
export type SuppressionRequest = z.infer<typeof SuppressionRequest>;
