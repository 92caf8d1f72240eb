import { z } from "zod";
import { Digest } from "./primitives.ts";
import { Observation, Severity, SuppressionRequest } from "./observation.ts";

/** The outcome of a check. Only `pass` passes (law 2); `warn` opens a gate only where the gate says so. */
export const Verdict = z.enum([
  "pass",
  "warn",
  "fail",
  "inconclusive",
  "partial",
  "error",
  "missing",
  "stale",
]);
export type Verdict = z.infer<typeof Verdict>;

/** What a check run touched. All zero means that nothing was exercised, which is inconclusive. */
export const Exercised = z.object({
  requests: z.int().nonnegative().default(0),
  assertions: z.int().nonnegative().default(0),
  files: z.int().nonnegative().default(0),
  /** Distinct places of the HTTP surface (method and route template). */
  routes: z.int().nonnegative().optional(),
  /** As how many signed-in identities it acted; 0 means that it only ever was a stranger. */
  identities: z.int().nonnegative().optional(),
  /** Faults that were injected, each shown to have been. */
  experiments: z.int().nonnegative().optional(),
  /** Written stories that ran to their end, of checks that carry out specifications. */
  scenarios: z.int().nonnegative().optional(),
  /** Packages of the release that were judged, of checks that judge packages. */
  packages: z.int().nonnegative().optional(),
});
export type Exercised = z.infer<typeof Exercised>;

const IdentityGrade = z.enum(["none", "bound", "native"]);

/** How it was shown whom a run tested (law 10), all along. */
export const WitnessedIdentity = z.object({
  before: IdentityGrade,
  /** The weakest of all that was proven while it ran. */
  during: IdentityGrade,
  after: IdentityGrade,
  /** Whole proofs while it ran, and cheap looks at the sockets. */
  proofs: z.int().nonnegative(),
  looks: z.int().nonnegative(),
  /** Instances that were started again from the same digest meanwhile, in words. */
  restarts: z.array(z.string()).max(50),
  /** What contradicted it; then the run is void. */
  contradiction: z.string().nullable(),
});
export type WitnessedIdentity = z.infer<typeof WitnessedIdentity>;

/** What a check adapter hands back; the engine turns it into evidence. */
export const CheckReport = z.object({
  verdict: Verdict,
  /** One sentence for a person: what was seen, and what was expected. */
  summary: z.string(),
  exercised: Exercised,
  /** Tool name to version. */
  tools: z.record(z.string(), z.string()).default({}),
  /** Single assertions, for the page and for evidence. */
  results: z
    .array(z.object({ name: z.string(), verdict: Verdict, message: z.string().default("") }))
    .default([]),
  /** Data a tool decides by, with its version or date: rules, advisory databases. */
  data: z.record(z.string(), z.string()).optional(),
  /** Written by the engine, never by an adapter: how it was shown whom it tested. */
  identity: WitnessedIdentity.optional(),
  /** What in the scanned tree asked to be overlooked. Nothing was; only a waiver grants that. */
  suppressions: z.array(SuppressionRequest).optional(),
  /** Of a scan: how many hits there were by severity, and the worst of them. */
  counts: z.partialRecord(Severity, z.int().nonnegative()).optional(),
  observations: z.array(Observation).optional(),
  /**
   * Of a scan, written by the engine: its adapter said that it came to its end, and its report that nothing was left
   * out. The verdict does not say so: a hit fails a scan that was whole and one that was not.
   */
  whole: z.boolean().optional(),
  /** Of what people answered: from then on it is stale. RFC 3339. */
  validUntil: z.iso.datetime().optional(),
  /** The raw report, and the format a parser knows it by. At most 16 MiB of UTF-8; longer ones are cut and said so. */
  raw: z.object({ format: z.string(), text: z.string(), truncated: z.boolean() }).optional(),
});
export type CheckReport = z.infer<typeof CheckReport>;

/** What stands for a raw report in a row: its bytes lie elsewhere, by their digest. */
export const KeptRaw = z.object({
  format: z.string(),
  /** SHA-256 of its UTF-8 bytes, as they were kept: redacted, perhaps cut. */
  digest: Digest,
  bytes: z.int().nonnegative(),
  truncated: z.boolean(),
});
export type KeptRaw = z.infer<typeof KeptRaw>;

/** A report as it is kept. An earlier version kept the raw text inside. */
export const KeptReport = CheckReport.extend({
  raw: z.union([KeptRaw, CheckReport.shape.raw.unwrap()]).optional(),
});
export type KeptReport = z.infer<typeof KeptReport>;
