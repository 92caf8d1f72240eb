import type { FuzzDocument } from "../describe/operation.ts";
import type { Findings } from "../judge/findings.ts";
import { symptomsOf } from "../judge/oracles.ts";
import { type RuleId, rules } from "../judge/rules.ts";
import type { Sender } from "../sender.ts";
import { bucketOf } from "../triage.ts";
import { type Bucket, bucketKey, type Reproduction } from "./reproduction.ts";

/** What came of an example that was sent again. */
export interface Replayed {
  readonly bucket: Bucket;
  /** The same failure in the same bucket. */
  readonly same: boolean;
  /** Other signs that its answer had instead, as `rule: signature`. */
  readonly others: readonly string[];
  readonly answer: string;
}

/** Sends examples again, each from its first step, and compares the buckets. */
export async function replayAll(
  reproductions: readonly Reproduction[],
  document: FuzzDocument | null,
  sender: Sender,
  findings: Findings,
): Promise<readonly Replayed[]> {
  const all: Replayed[] = [];
  for (const one of reproductions) {
    const { bucket, purpose, steps } = one;
    const done = await sender.run(steps);
    if (done === null) continue;
    const seen = symptomsOf(document, purpose, done.request, done.outcome).map((symptom) => ({
      symptom,
      bucket: bucketOf(symptom, purpose),
    }));
    const found = seen.find((two) => sameBucket(two.bucket, bucket));
    all.push({
      bucket,
      same: found !== undefined,
      others:
        found === undefined ? seen.map((two) => `${two.bucket.rule}: ${two.bucket.signature}`) : [],
      answer:
        done.outcome.kind === "answer"
          ? `${done.outcome.answer.status}`
          : done.outcome.kind === "crash"
            ? done.outcome.says
            : done.outcome.message,
    });
    if (found === undefined || !Object.hasOwn(rules, bucket.rule)) continue;
    findings.add({
      rule: bucket.rule as RuleId,
      bucket,
      operation: purpose.operation,
      place: purpose.place,
      what: "its example, sent again",
      says: found.symptom.says,
      confirmed: true,
      reproduction: one,
      count: 1,
      elsewhere: [],
    });
  }
  return all;
}

/** Where nobody sees processes, one that ends shows as a connection that does. */
function sameBucket(seen: Bucket, wanted: Bucket): boolean {
  if (bucketKey(seen) === bucketKey(wanted)) return true;
  return (
    wanted.rule === "crash" && seen.rule === "no-answer" && seen.operation === wanted.operation
  );
}
