import { z } from "zod";
import { Claim, FindingKind, Severity } from "../../../model/observation.ts";

/**
 * Our own format, for whatever has no other: strict, so that a misspelt key is refused and not left out in silence.
 * `schema/tidelock-findings.schema.json` is made of it.
 */

const text = z.string();

export const GenericPlace = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("file"),
    path: text.describe("relative to the scanned tree, with /"),
    line: z.int().positive().optional(),
  }),
  z.strictObject({
    kind: z.literal("package"),
    name: text,
    version: text,
    purl: text.optional().describe("package URL, with the version"),
    path: text.optional().describe("the file that names the package"),
  }),
  z.strictObject({
    kind: z.literal("http"),
    method: text,
    route: text.describe("as a template where known: /items/{id}"),
    parameter: text.optional(),
  }),
  z.strictObject({
    kind: z.literal("port"),
    host: text,
    port: z.int().min(0).max(65_535),
    protocol: z.enum(["tcp", "udp"]).optional(),
  }),
  z.strictObject({ kind: z.literal("resource"), name: text }),
]);

export const Evidence = z.strictObject({
  title: text.optional(),
  url: text.optional(),
  digest: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/)
    .optional()
    .describe("of a file that is kept elsewhere"),
});

export const GenericFinding = z.strictObject({
  rule: text.min(1).describe("the tool's own name of what it looks for; the same in every scan"),
  severity: Severity.nullable().describe("null: nobody knows; it counts as critical"),
  severityStated: z.boolean().optional().describe("false: the severity is a guess"),
  title: text.optional(),
  message: text.optional(),
  kind: FindingKind.optional(),
  place: GenericPlace,
  scope: text.optional().describe("function, class or resource around it"),
  snippet: text.optional().describe("the code it points at; only its digest is kept"),
  secretValue: text.optional().describe("only its HMAC is kept"),
  cwe: z.array(z.int().positive()).optional(),
  aliases: z.array(text).optional().describe("CVE, GHSA and other names of the same thing"),
  fixedIn: text.optional(),
  fingerprint: text.optional().describe("what makes it the same one in the next scan"),
  fingerprints: z.record(text, text).optional().describe("by the algorithm's name and version"),
  suppressed: z
    .boolean()
    .optional()
    .describe("the tool was asked to keep quiet; it counts all the same"),
  unchanged: z.boolean().optional(),
  cvss: z
    .array(
      z.strictObject({
        version: z.enum(["2.0", "3.0", "3.1", "4.0"]),
        score: z.number().min(0).max(10),
        vector: text.optional(),
      }),
    )
    .optional(),
  reachable: z.boolean().optional(),
  references: z.array(text).optional().describe("addresses to read about it"),
  evidence: z.array(Evidence).max(32).optional(),
  claim: Claim.optional().describe(
    "a statement about it: counted only where its issuer is trusted",
  ),
  record: z
    .record(text, z.unknown())
    .optional()
    .describe("what an export says beyond the finding (id, status, times); not read back"),
});
export type GenericFinding = z.infer<typeof GenericFinding>;

const count = z.int().nonnegative().optional();

/** The document around the findings. */
export const GenericFrame = z.strictObject({
  $schema: text.optional(),
  tidelockFindings: z.literal(1).describe("version of this format"),
  tool: z.strictObject({ name: text.min(1), version: text }),
  subject: text
    .optional()
    .describe("what was looked at; scans of different subjects close nothing of each other"),
  madeAt: z.iso.datetime({ offset: true }).optional(),
  complete: z
    .boolean()
    .optional()
    .describe("true: all of the subject was looked at, to the end. Left out, it is false"),
  missing: text.optional().describe("what was left out, in words"),
  exercised: z
    .strictObject({
      requests: count,
      assertions: count,
      files: count,
      routes: count,
      identities: count,
      scenarios: count,
    })
    .optional(),
  findings: z.array(z.unknown()),
});

/** The whole document, for the JSON Schema. */
export const GenericDocument = GenericFrame.extend({ findings: z.array(GenericFinding) });
