import { z } from "zod";
import { FindingId } from "./finding.ts";
import { words } from "./finding-act.ts";
import { Severity } from "./observation.ts";
import { Digest, Duration, Name } from "./primitives.ts";

/**
 * An accepted risk: one finding, or one required check's verdict, of one service in one environment, until a day. Two
 * people sign it; nothing in it stands for more than one thing.
 */

export const WaiverId = z
  .string()
  .regex(/^W-[1-9]\d{0,15}$/, "expected W- and a number, like W-12");
export type WaiverId = z.infer<typeof WaiverId>;

/** The number in the table. */
export function fromWaiverId(id: WaiverId): string {
  return id.slice("W-".length);
}

/** Verdicts of a check that a waiver can accept. A run that exercised nothing is `inconclusive`. */
export const WaivableVerdict = z.enum([
  "warn",
  "fail",
  "inconclusive",
  "partial",
  "error",
  "missing",
  "stale",
]);
export type WaivableVerdict = z.infer<typeof WaivableVerdict>;

/** More failing results than these nobody has read one by one. */
export const mostAcceptedResults = 200;

const AcceptedFinding = z.strictObject({
  kind: z.literal("finding"),
  finding: FindingId,
  rule: z.string().max(512),
  title: z.string().max(512),
  /** Of what makes it this finding (canonical JSON of `[algorithm, value]`, sorted). */
  fingerprints: Digest,
  /** As gates counted it when it was proposed. */
  severity: Severity,
  /** Whether it was known to be exploited then; null: there was no list. */
  knownExploited: z.boolean().nullable(),
});

const AcceptedCheck = z.strictObject({
  kind: z.literal("check"),
  check: Name,
  uses: Name,
  /** `demandDigest`: another configuration under the same name is another check. */
  demand: Digest,
  /** Each once, in order. */
  verdicts: z.array(WaivableVerdict).min(1),
  /** With `fail`: what failed when it was proposed. Whatever else fails is not accepted. */
  failing: z.array(z.string().max(1_024)).max(mostAcceptedResults),
});

export const Accepted = z.discriminatedUnion("kind", [AcceptedFinding, AcceptedCheck]);
export type Accepted = z.infer<typeof Accepted>;

const line = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u, "write one line without control characters")
  .regex(/\S/, "write something");

const said = {
  /** Why it can be lived with. */
  reason: words(4_000),
  /** What keeps it from doing harm meanwhile. */
  control: words(4_000),
  /** Who answers for it until then. */
  owner: line,
  /** RFC 3339. */
  until: z.iso.datetime(),
} as const;

/** What two people sign, as it is signed; whatever differs is about another waiver. */
export const Waived = z.strictObject({
  waiver: WaiverId,
  /** Of the log in which it counts. */
  ledger: z.string().min(1).max(512),
  service: Name,
  environment: Name,
  /** Only for this one; null: for whatever release has the same. */
  release: Digest.nullable(),
  of: Accepted,
  ...said,
});
export type Waived = z.infer<typeof Waived>;

/** What somebody wants accepted; the server adds what is there now. */
export const WaiverWish = z.strictObject({
  service: Name,
  environment: Name,
  /** Version or digest. */
  release: z.string().min(1).max(128).optional(),
  of: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("finding"), finding: FindingId }),
    z.strictObject({
      kind: z.literal("check"),
      check: Name,
      verdicts: z.array(WaivableVerdict).min(1).max(WaivableVerdict.options.length),
    }),
  ]),
  ...said,
});
export type WaiverWish = z.infer<typeof WaiverWish>;

/** Nobody may accept a risk for longer, whatever an environment says. */
export const longestWaiverMs = 366 * 86_400_000;

/**
 * What may be waived in an environment, by its owners. Shortened or narrowed, it counts for those that are in force as
 * well; what was signed for a shorter time stays as short.
 */
export const WaiverPolicy = z.strictObject({
  /** From the second signature on. */
  longest: Duration.refine(
    (ms) => ms >= 60_000 && ms <= longestWaiverMs,
    "between a minute and 366 days",
  ).default(90 * 86_400_000),
  allowed: z.enum(["findings", "checks", "both", "none"]).default("findings"),
});
export type WaiverPolicy = z.infer<typeof WaiverPolicy>;

/** Where an environment says nothing. */
export const defaultWaiverPolicy: WaiverPolicy = WaiverPolicy.parse({});

/**
 * Checks that show what really runs, or who has looked: nobody can accept that it is unknown. Adapter ids.
 */
export const neverWaived: ReadonlySet<string> = new Set(["manifest", "isolation", "manual"]);
