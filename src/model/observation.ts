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

/** What kind of thing was found: it decides what makes two observations the same finding. */
export const FindingKind = z.enum([
  /** In code, by reading it. */
  "code",
  /** A published vulnerability of a package, in a tree or an image. */
  "dependency",
  "license",
  "secret",
  /** Of a running HTTP surface. */
  "web",
  /** Of infrastructure as code, a cluster, a cloud account. */
  "infrastructure",
  /** Of a port or of TLS on it. */
  "network",
  /** Of a machine's or an image's configuration. */
  "host",
  /** Seen while it ran: a sensor's alert, a changed file. */
  "runtime",
  /** A test that did not pass. */
  "test",
  /** By people: penetration tests, red teams, reporters. */
  "report",
]);
export type FindingKind = z.infer<typeof FindingKind>;

/**
 * What somebody states about a vulnerability in a product. It opens no gate by itself: who may say so is for the
 * policy, not for the document. Words of OpenVEX; CycloneDX's and CSAF's are mapped to them by their parsers.
 */
export const Claim = z.strictObject({
  status: z.enum(["affected", "under-investigation", "not-affected", "fixed", "false-positive"]),
  /** The format's own word: `vulnerable_code_not_in_execute_path`. */
  justification: text(256).optional(),
  /** In a sentence. */
  statement: text(1_024).optional(),
  /** Who says so, as the document names them: a name that anybody can write. */
  by: text(256).optional(),
});
export type Claim = z.infer<typeof Claim>;

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
  /** What kind of thing it is; of older records, and where a format leaves it open, it follows from the place. */
  kind: FindingKind.optional(),
  /** Every fingerprint that the tool gives, by the algorithm's name. Only values of one algorithm compare. */
  fingerprints: z.record(text(128), text(512)).optional(),
  /** Function, class, resource or other named thing around it: survives what moves lines. */
  scope: text(512).optional(),
  /** SHA-256 of the code it points at without white space, hex: survives what moves lines, and shows no code. */
  context: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  /** HMAC-SHA-256 of a secret's value under this server's key, hex: the value itself is kept nowhere (law 11). */
  secret: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  /** Scores as the tool states them; of different versions they are never compared with each other. */
  cvss: z
    .array(
      z.strictObject({
        version: z.enum(["2.0", "3.0", "3.1", "4.0"]),
        score: z.number().min(0).max(10),
        vector: text(256).optional(),
      }),
    )
    .max(8)
    .optional(),
  /** Whether the tool says that the vulnerable code can be reached; absent: it does not say. */
  reachable: z.boolean().optional(),
  /** Where to read about it: `https:` and `http:` addresses, never opened by Tidelock. */
  references: z.array(text(1_024)).max(8).optional(),
  /** What a statement (VEX) says of it. One that is `affected` or `under-investigation` is a hit like any other. */
  claim: Claim.optional(),
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
