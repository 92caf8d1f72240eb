import { z } from "zod";
import { FindingKind, ObservationPlace, Severity } from "./observation.ts";
import { Digest, Name } from "./primitives.ts";

/** A finding: the thing behind many observations, with one life from its discovery to its end in production. */

/** `F-1042`: a number of this installation, never used twice. */
export const FindingId = z
  .string()
  .regex(/^F-[1-9]\d{0,15}$/, "expected F- and a number, like F-1042");
export type FindingId = z.infer<typeof FindingId>;

/**
 *   open -> triaged -> in-progress -> fixed -> verified -> closed
 *     ^________________________________|_________|__________|   seen again: reopened, the same id and first sight
 *
 * `fixed` is somebody's word. `verified`: a complete scan of the same scope, by a producer that is trusted, of a
 * named release does not see it any more. `closed`: that release, or a later one without it, is live in production.
 * `false-positive` is scoped to fingerprint, reason and reviewer.
 */
export const FindingStatus = z.enum([
  "open",
  "triaged",
  "in-progress",
  "fixed",
  "verified",
  "closed",
  "false-positive",
]);
export type FindingStatus = z.infer<typeof FindingStatus>;

/** Still somebody's work: whatever gates, clocks and lists of open ones mean. */
export const openStatuses: readonly FindingStatus[] = ["open", "triaged", "in-progress", "fixed"];

/**
 * What an import may do beyond opening findings.
 *
 * - `own`: Tidelock ran the tool itself, on a release it knows.
 * - `signed`: it names the digest, and is signed by a producer that the policy trusts for this.
 * - `bound`: it names a release, and nobody vouches for it.
 * - `unbound`: it names none.
 *
 * Only the first two may close anything, lower a severity or make a claim count.
 */
export const ImportTrust = z.enum(["own", "signed", "bound", "unbound"]);
export type ImportTrust = z.infer<typeof ImportTrust>;

export function isTrusted(trust: ImportTrust): boolean {
  return trust === "own" || trust === "signed";
}

/** What a scan was about: only a later complete scan of the same scope may miss what this one saw. */
export const Scope = z.strictObject({
  service: Name,
  /** Null: not about one environment, but about what is released. */
  environment: Name.nullable(),
  /** Tool or adapter: `trivy`, `semgrep`. */
  tool: z.string().max(128),
  /** What the report says that it looked at (`Summary.subject`), or `--scan`; empty when neither says. */
  subject: z.string().max(1_024),
});
export type Scope = z.infer<typeof Scope>;

/** How a fingerprint was made; `native`: the tool's own id of the thing. Compared only within one algorithm. */
export interface Fingerprint {
  readonly algorithm: string;
  readonly value: string;
}

/** One finding as the pure parts see it. Times are RFC 3339. */
export const Finding = z.object({
  id: FindingId,
  service: Name,
  environment: Name.nullable(),
  kind: FindingKind,
  rule: z.string(),
  title: z.string(),
  place: ObservationPlace,
  /** The highest that any source says now; of sources nobody trusts, the highest they ever said. */
  severity: Severity,
  severityStated: z.boolean(),
  status: FindingStatus,
  aliases: z.array(z.string()),
  cwe: z.array(z.number()),
  /** Tools that saw it, the first one first. */
  tools: z.array(z.string()),
  firstSeen: z.iso.datetime(),
  lastSeen: z.iso.datetime(),
  firstRelease: Digest.nullable(),
  lastRelease: Digest.nullable(),
  reopened: z.int().nonnegative(),
  assignee: z.string().nullable(),
  /** By the service's SLA; null where none runs. */
  due: z.iso.datetime().nullable(),
  /** Why the clock stands still; null when it runs. */
  paused: z.string().nullable(),
});
export type Finding = z.infer<typeof Finding>;
