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

/** What takes effect when two different people have signed it, and ends by itself. */
export const Judgement = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("false-positive"), ...reason, ...until }),
  /** Less bad than its tools say. */
  z.strictObject({ kind: z.literal("lower"), severity: Severity, ...reason, ...until }),
]);
export type Judgement = z.infer<typeof Judgement>;

export const FindingAct = z.discriminatedUnion("kind", [...plainActs, ...Judgement.options]);
export type FindingAct = z.infer<typeof FindingAct>;

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

export function isJudgement(act: FindingAct): act is Judgement {
  return act.kind === "false-positive" || act.kind === "lower";
}
