import { z } from "zod";
import { Severity, FindingKind } from "./observation.ts";
import { Colour, Digest, Tier } from "./primitives.ts";
import { Verdict } from "./verdict.ts";
import { Grades } from "./decision.ts";

/**
 * What a gate's rules may read: the one documented, typed input of every expression. It is gathered from trusted state
 * (the database held against the ledger), never from what a candidate carries, and kept whole with the decision, so that
 * anybody decides again from it. Nothing unknown is left out: it is null, and a rule that leans on null denies.
 * Times are RFC 3339 (CEL timestamps), spans are whole seconds, counts are whole numbers.
 */

const Instant = z.iso.datetime();
const Count = z.int().nonnegative();

/** How many, by severity; `unknown` severities count as critical, as everywhere. What is waived counts nowhere. */
const Counts = z.strictObject({
  total: Count,
  critical: Count,
  high: Count,
  medium: Count,
  low: Count,
  info: Count,
  /** On a list of what attackers use today (KEV); null: no such list is here. */
  knownExploited: Count.nullable(),
  /** A version without it is out. */
  fixable: Count,
  /** Open longer than the service's terms allow. */
  overdue: Count,
});
export type FindingCounts = z.infer<typeof Counts>;

export const FactFinding = z.strictObject({
  id: z.string(),
  kind: FindingKind,
  severity: Severity,
  rule: z.string(),
  /** CVE, GHSA and other names. */
  aliases: z.array(z.string()),
  /** Not in what is live. */
  new: z.boolean(),
  ageSeconds: Count,
  fixable: z.boolean(),
  /** Null: no list of what is exploited is here. */
  knownExploited: z.boolean().nullable(),
  overdue: z.boolean(),
  /** An accepted risk that still holds here. */
  waived: z.boolean(),
});
export type FactFinding = z.infer<typeof FactFinding>;

/** More than these no rule sees one by one; the counts are of all. */
export const mostFactFindings = 10_000;

/** More than these nobody reads as a change of one release. */
export const mostChangedPaths = 10_000;

export const GateFacts = z.strictObject({
  now: Instant,
  service: z.string(),
  environment: z.strictObject({ name: z.string(), tier: Tier }),
  colour: Colour,
  release: z.strictObject({
    digest: Digest,
    version: z.string(),
    createdAt: Instant,
    ageSeconds: Count,
    /** By pseudonym, as in `approvals`; empty: it is not on record. */
    createdBy: z.string(),
  }),
  /** `changed`: names of values and secrets that differ from what is live; null: nothing is live. */
  configuration: z.strictObject({ digest: Digest, changed: z.array(z.string()).nullable() }),
  /** What users had when the plan was made; null: nothing was live. `sinceSeconds` null: it is not on record. */
  live: z
    .strictObject({ release: Digest, version: z.string(), sinceSeconds: Count.nullable() })
    .nullable(),
  /**
   * Files of the release that are not as they are in what is live, added and removed ones too; null: nothing is live,
   * they are more than `mostChangedPaths`, or it cannot be known.
   */
  changes: z
    .strictObject({
      paths: z.array(z.string()),
      /** Content classes that were touched: `authentication`, `cryptography`, `pipeline`, … */
      classes: z.array(z.string()),
    })
    .nullable(),
  /** By name; what was demanded and has not run is not here. */
  checks: z.record(
    z.string(),
    z.strictObject({
      uses: z.string(),
      verdict: Verdict,
      ageSeconds: Count,
      requests: Count,
      assertions: Count,
      files: Count,
    }),
  ),
  /** What is open of this release; null: it cannot be known (the database differs from the ledger, or it is too much). */
  findings: z
    .strictObject({
      open: Counts,
      /** Those that what is live does not have. */
      new: Counts,
      /** Open ones by kind. */
      byKind: z.partialRecord(FindingKind, Counts),
      /** Tools that scanned this release, whole and trusted. */
      scannedBy: z.array(z.string()),
      /** Worst first; null when there are more than `mostFactFindings`. */
      items: z.array(FactFinding).nullable(),
    })
    .nullable(),
  /** Out of the attested SBOM; null: there is none that counts. */
  sbom: z
    .strictObject({
      components: Count,
      /** SPDX expressions, each once. */
      licences: z.array(z.string()),
      withoutLicence: Count,
    })
    .nullable(),
  /** What the environment's git host says of the release's commits; null: it was not asked, or did not say all. */
  review: z
    .strictObject({
      ageSeconds: Count,
      commits: Count,
      unreviewed: Count,
      approvals: Count,
      selfApprovals: Count,
      staleApprovals: Count,
      changesRequested: Count,
    })
    .nullable()
    .optional(),
  /** How it protects the branch; null: it is not known. */
  branch: z
    .strictObject({
      protected: z.boolean().nullable(),
      requiredApprovals: Count.nullable(),
      dismissesStale: z.boolean().nullable(),
      refusesForcePush: z.boolean().nullable(),
      includesAdmins: z.boolean().nullable(),
    })
    .nullable()
    .optional(),
  /** Who stated what about the release, of those who count here. */
  evidence: z.strictObject({
    signedBy: z.array(z.string()),
    provenance: z.boolean(),
    sbom: z.boolean(),
    attestations: z.array(z.string()),
  }),
  /** People's signed answers to manual checks of this promotion. */
  approvals: z.array(
    z.strictObject({
      check: z.string(),
      person: z.string(),
      role: z.string().nullable(),
      ageSeconds: Count,
    }),
  ),
  /** Accepted risks that hold for this release here. */
  waivers: z.array(z.strictObject({ id: z.string(), of: z.string(), endsInSeconds: Count })),
  /** Whether anybody looks after who can do what here. */
  access: z
    .strictObject({
      /** Since a review of this service, or of every one, was done to its last line; null: none was. */
      reviewedSecondsAgo: Count.nullable(),
      /** Reviews of it that are over their day. */
      reviewsOverdue: Count,
    })
    .optional(),
  grades: Grades,
});
export type GateFacts = z.infer<typeof GateFacts>;
