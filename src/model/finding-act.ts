import { z } from "zod";
import { FindingId } from "./finding.ts";
import { Severity } from "./observation.ts";
import { Digest, Name } from "./primitives.ts";

/** What people say of a finding. */

/** No control characters: it is shown in terminals, and some of it is signed. */
export const words = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    // oxlint-disable-next-line no-control-regex -- line breaks and tabs only
    .regex(/^(?:[^\p{Cc}\p{Cf}]|[\n\t])*$/u, "no control characters but line breaks and tabs")
    .regex(/\S/, "write something");
const who = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u, "write one line without control characters");

const note = { note: words(4_000).optional() } as const;
const reason = { reason: words(4_000) } as const;

/** At most this long nobody looks again at what two people have judged. */
export const longestJudgementMs = 366 * 86_400_000;

/** When what was judged ends, RFC 3339. */
const until = { until: z.iso.datetime() } as const;

/** What may be said by anybody who may use the API: it opens no gate. */
const plainActs = [
  z.strictObject({ kind: z.literal("triage"), ...note }),
  z.strictObject({ kind: z.literal("assign"), to: who.nullable(), ...note }),
  z.strictObject({ kind: z.literal("start"), ...note }),
  /** Somebody's word that it is repaired: it gates like an open one until a scan shows it. */
  z.strictObject({ kind: z.literal("fix"), ...note }),
  z.strictObject({ kind: z.literal("reopen"), ...reason }),
  z.strictObject({ kind: z.literal("note"), text: words(4_000) }),
  /** The clock stands still in lists and figures; a gate that asks for what is overdue goes on counting. */
  z.strictObject({ kind: z.literal("pause"), ...reason }),
  z.strictObject({ kind: z.literal("resume"), ...note }),
  /** Worse than its tools say. */
  z.strictObject({ kind: z.literal("raise"), severity: Severity, ...reason }),
] as const;

const ofOne = [
  z.strictObject({ kind: z.literal("false-positive"), ...reason, ...until }),
  /** Less bad than its tools say. */
  z.strictObject({ kind: z.literal("lower"), severity: Severity, ...reason, ...until }),
] as const;

/** A scan that nobody makes any more, as it was when somebody proposed to retire it. */
export const RetiredScan = z.strictObject({
  /** `scopeId`. */
  scope: Digest,
  tool: z.string().max(128),
  subject: z.string().max(1_024),
  environment: Name.nullable(),
  /** How many findings it sees; the digest of their ids (canonical JSON, sorted). */
  sees: z.int().positive(),
  findings: Digest,
});
export type RetiredScan = z.infer<typeof RetiredScan>;

/**
 * What takes effect when two different people have signed it. What is said of one finding ends by itself; a scan that was
 * retired is back with its next report, and its `until` is the last moment to sign.
 */
export const Judgement = z.discriminatedUnion("kind", [
  ...ofOne,
  z.strictObject({ kind: z.literal("retire-scan"), scan: RetiredScan, ...reason, ...until }),
]);
export type Judgement = z.infer<typeof Judgement>;

/** A judgement as it is asked for: which scan, the server looks up. */
const askedFor = [
  ...ofOne,
  z.strictObject({
    kind: z.literal("retire-scan"),
    /** An import of the scan, where several scans see the finding. */
    import: z.string().min(1).max(64).optional(),
    ...reason,
  }),
] as const;

export const FindingAct = z.discriminatedUnion("kind", [...plainActs, ...askedFor]);
export type FindingAct = z.infer<typeof FindingAct>;
export type AskedJudgement = Extract<FindingAct, { kind: Judgement["kind"] }>;

/** What somebody signs who agrees that a finding is none, or less bad; whatever differs makes it about another. */
export const Proposed = z.strictObject({
  /** Single use: made when it was proposed. */
  proposal: z.string().min(1).max(64),
  /** Of the log in which it counts. */
  ledger: z.string().min(1).max(512),
  finding: FindingId,
  service: Name,
  rule: z.string().max(512),
  title: z.string().max(512),
  /** Of the fingerprints that it has (canonical JSON of `[algorithm, value]`, sorted): what is looked at. */
  fingerprints: Digest,
  /** As its tools say now. */
  severity: z.string().max(16),
  act: Judgement,
});
export type Proposed = z.infer<typeof Proposed>;

export function isJudgement(act: FindingAct): act is AskedJudgement {
  return Judgement.options.some((one) => one.shape.kind.value === act.kind);
}
