import { z } from "zod";
import { Finding, FindingStatus, ImportTrust } from "../../model/finding.ts";
import { Proposed } from "../../model/finding-act.ts";
import { Observation, Severity, FindingKind } from "../../model/observation.ts";
import { Digest, Name, Version } from "../../model/primitives.ts";
import { WaiverId } from "../../model/waiver.ts";

/** What the API says of findings, imports and feeds. All texts of reports are hostile until escaped. */

const time = z.iso.datetime();

export const ReleaseName = z.object({ id: Digest, version: Version.nullable() });

/** What one report came to. */
export const ImportView = z.object({
  id: z.string(),
  service: Name,
  environment: Name.nullable(),
  release: ReleaseName.nullable(),
  format: z.string(),
  tool: z.object({ name: z.string(), version: z.string() }),
  subject: z.string(),
  trust: ImportTrust,
  /** Producer or check run that vouches for it. */
  vouchedBy: z.string().nullable(),
  report: z.object({ digest: Digest, bytes: z.int().nonnegative() }),
  complete: z.boolean(),
  /** What is missing, and why it closes nothing; empty when nothing is. */
  missing: z.string(),
  observations: z.int().nonnegative(),
  opened: z.int().nonnegative(),
  reopened: z.int().nonnegative(),
  /** Observations of findings that were known. */
  matched: z.int().nonnegative(),
  /** Known findings of this scope that it does not see: verified where it may close, else only noted. */
  unseen: z.int().nonnegative(),
  claims: z.int().nonnegative(),
  /** Said to whoever imported it, in sentences: `the report names no release, so it closes nothing`. */
  notes: z.array(z.string()),
  at: time,
  by: z.string(),
});
export type ImportView = z.infer<typeof ImportView>;

/** A waiver that holds for a finding now: what it is about is accepted there, and nowhere else. */
export const AcceptedRisk = z.object({
  waiver: WaiverId,
  environment: Name,
  /** Null: of any release that has it. */
  release: Digest.nullable(),
  reason: z.string(),
  /** What keeps it from doing harm meanwhile. */
  control: z.string(),
  owner: z.string(),
  since: time,
  until: time,
});
export type AcceptedRisk = z.infer<typeof AcceptedRisk>;

/** A line of a list. */
export const FindingSummary = Finding.extend({
  /** How urgent: higher first; `why` in words. */
  priority: z.object({ rank: z.number(), why: z.string() }),
  knownExploited: z.boolean().nullable(),
  /** Probability of exploitation within 30 days; null is unknown, not zero. */
  epss: z.number().min(0).max(1).nullable(),
  fixedIn: z.string().nullable(),
  /** Environments in which a release with it is live now. */
  liveIn: z.array(Name),
  overdue: z.boolean(),
  /** Where its risk is accepted now. Its status stays what it is; empty of what is not open. */
  accepted: z.array(AcceptedRisk),
});
export type FindingSummary = z.infer<typeof FindingSummary>;

/** What two people have to sign before it counts. */
export const ProposalView = z.object({
  id: z.string(),
  /** What is signed, as it is signed. */
  proposed: Proposed,
  state: z.enum(["waiting", "in-force", "ended"]),
  by: z.string(),
  at: time,
  consents: z.array(z.object({ person: z.string(), name: z.string().nullable(), at: time })),
});
export type ProposalView = z.infer<typeof ProposalView>;

export const FindingView = FindingSummary.extend({
  /** How often it was changed: an act may name it, and is refused when somebody was quicker. */
  changes: z.int().positive().optional(),
  /** Newest first. */
  proposals: z.array(ProposalView).optional(),
  message: z.string(),
  fingerprints: z.array(z.object({ algorithm: z.string(), value: z.string() })),
  /** The newest ones, at most 50. */
  observations: z.array(
    z.object({
      import: z.string(),
      tool: z.string(),
      at: time,
      release: ReleaseName.nullable(),
      environment: Name.nullable(),
      trust: ImportTrust,
      observation: Observation,
    }),
  ),
  observationCount: z.int().nonnegative(),
  /** Oldest first. */
  history: z.array(
    z.object({
      at: time,
      kind: z.string(),
      from: FindingStatus.nullable(),
      to: FindingStatus.nullable(),
      by: z.string(),
      text: z.string(),
    }),
  ),
  /** Related, not merged: another tool's that may be the same. */
  related: z.array(z.object({ id: z.string(), title: z.string(), tool: z.string() })),
  claims: z.array(
    z.object({
      status: z.string(),
      justification: z.string(),
      by: z.string(),
      trusted: z.boolean(),
      import: z.string(),
      at: time,
    }),
  ),
  guidance: z.array(z.object({ title: z.string(), url: z.string() })),
  fixedAt: time.nullable(),
  verified: z.object({ at: time, release: ReleaseName }).nullable(),
  closedAt: time.nullable(),
});
export type FindingView = z.infer<typeof FindingView>;

/** Where the tier of an environment says that it was found: `release`: by a scan of no environment. */
export const FindingStage = z.enum([
  "release",
  "development",
  "testing",
  "staging",
  "production",
  /** Of an environment that nobody declares any more. */
  "unknown",
]);
export type FindingStage = z.infer<typeof FindingStage>;

const standings: ReadonlySet<string> = new Set([...FindingStatus.options, "any"]);

/**
 * What a list is narrowed to; several values of one key are alternatives. Every number of the metrics is the length
 * of a list under such a filter.
 */
export const findingFilter = {
  service: Name.optional(),
  /** Seen there first, or bound to it, or live there: `liveIn`. */
  environment: Name.optional(),
  status: z
    .string()
    .max(200)
    .refine((text) => text.split(",").every((word) => standings.has(word.trim())), {
      error: `expected ${[...FindingStatus.options, "any"].join(", ")}, or several with commas`,
    })
    .optional()
    .describe("comma-separated; default: the open ones; `any`"),
  state: z
    .enum(["risk-accepted", "not-accepted"])
    .optional()
    .describe(
      "open, and a waiver holds for it (in `environment`, where that is given); or none does",
    ),
  severity: Severity.optional().describe("this one and worse"),
  severityIs: Severity.optional().describe("this one alone"),
  kind: FindingKind.optional(),
  tool: z.string().max(128).optional(),
  foundBy: z.string().max(128).optional().describe("the tool that saw it first"),
  onlyBy: z.string().max(128).optional().describe("a tool that alone saw it"),
  foundIn: z
    .union([Name, z.literal("-")])
    .optional()
    .describe("environment in which it was seen first; `-`: in none"),
  stage: FindingStage.optional().describe("tier of the environment in which it was seen first"),
  foundFrom: time.optional().describe("first seen then or later"),
  foundUntil: time.optional().describe("first seen before"),
  closedFrom: time.optional().describe("without it in production since then or later"),
  closedUntil: time.optional().describe("without it in production before"),
  reopened: z.stringbool().optional().describe("came back at least once, or never"),
  gone: z.stringbool().optional().describe("verified or closed, or came back after that"),
  sla: z
    .enum(["kept", "missed", "decided"])
    .optional()
    .describe("kept: closed by its date; missed: closed later, or open after it; or either"),
  assignee: z.string().max(200).optional(),
  overdue: z.stringbool().optional(),
  /** In title, rule, aliases, place. */
  search: z.string().max(200).optional(),
};

export const ImportOptions = z.object({
  /** Default: found out from the content. */
  format: z.string().max(64).optional(),
  environment: Name.optional(),
  /** Version or digest. */
  release: z.string().min(1).max(200).optional(),
  /** What it is a scan of, where the report does not say, or to keep scans apart. */
  scan: z.string().max(256).optional(),
  /** Digest of a blob: the DSSE envelope in which a producer vouches for this report. */
  attestation: Digest.optional(),
});

/** The report of a check run that could not be taken in. */
export const MissingReport = z.object({
  run: z.string(),
  check: z.string(),
  environment: z.string(),
  why: z.string(),
  tries: z.int().nonnegative(),
  /** It is not tried again. */
  givenUp: z.boolean(),
  at: z.iso.datetime(),
});
export type MissingReport = z.infer<typeof MissingReport>;
