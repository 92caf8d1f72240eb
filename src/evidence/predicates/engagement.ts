import { z } from "zod";
import { canonicalJson } from "../../model/canonical.ts";
import { Engagement } from "../../model/engagement.ts";
import { Digest } from "../../model/primitives.ts";
import { digestBytes, utf8 } from "../bytes.ts";
import { readSignedPayload } from "../person-signature.ts";
import { checkShape } from "../read-json.ts";
import { bad, type Result } from "../result.ts";
import { makeStatement, readStatement, type Statement } from "../statement.ts";
import type { PredicateKind } from "./predicate.ts";

/** A person's word that an engagement took place as it is recorded. */
export const EngagementRecord = z.strictObject({
  purpose: z.literal("record-engagement"),
  engagement: Engagement,
  /** Of the log in which it counts. */
  ledger: z.string().min(1).max(512),
  /** By pseudonym. */
  person: z.string().regex(/^person:[0-9a-f]{32}$/),
  /** Of the text that was shown before it was signed (`engagementText`). */
  text: Digest,
});
export type EngagementRecord = z.infer<typeof EngagementRecord>;

export const engagementRecord = {
  type: "https://tidelock.dev/predicate/engagement/v1",
  schema: EngagementRecord,
} as const satisfies PredicateKind<typeof EngagementRecord>;

interface Signed {
  readonly engagement: Engagement;
  readonly ledger: string;
  readonly person: string;
}

/** What is signed, in words. */
export function engagementText({ engagement, ledger, person }: Signed): readonly string[] {
  const { kind, service, environment, release, party, scope } = engagement;
  return [
    `I know that ${party} carried out this ${kind} of ${service}, and that what follows is what came of it.`,
    `  where      ${environment ?? "not in one environment"}, ${release ?? "not of one release"}`,
    `  scope      ${scope}`,
    `  when       ${engagement.began} to ${engagement.ended}`,
    `  outcome    ${engagement.outcome}`,
    ...engagement.evidence.map(({ name, digest }) => `  evidence   ${name}: ${digest}`),
    `  it counts until ${engagement.validUntil}`,
    `  ledger     ${ledger}`,
    `  I am       ${person}`,
  ];
}

export function engagementStatement(signed: Signed): Statement {
  const { engagement, ledger, person } = signed;
  const predicate: EngagementRecord = {
    purpose: "record-engagement",
    engagement,
    ledger,
    person,
    text: textDigest(signed),
  };
  const name = `${engagement.kind} of ${engagement.service}`;
  const digest = digestBytes(utf8(canonicalJson(engagement)));
  return makeStatement(
    [{ name, digest }],
    engagementRecord.type,
    predicate as unknown as Record<string, unknown>,
  );
}

function textDigest(signed: Signed): Digest {
  return digestBytes(utf8(`${engagementText(signed).join("\n")}\n`));
}

/** What it says, and who says that they signed it: to look for their keys, and nothing else. */
export function readEngagement(bytes: Uint8Array): Result<EngagementRecord> {
  const payload = readSignedPayload(bytes);
  return payload.ok ? recordIn(payload.value) : payload;
}

function recordIn(payload: Uint8Array): Result<EngagementRecord> {
  const statement = readStatement(payload);
  if (!statement.ok) return statement;
  const { predicateType, predicate } = statement.value;
  if (predicateType !== engagementRecord.type) {
    return bad(`it states ${predicateType}, and ${engagementRecord.type} is expected`);
  }
  return checkShape(predicate, EngagementRecord, "the record");
}

/** Whether a payload, whose signature is verified, is about this log, with the text that belongs to it. */
export function engagementOf(payload: Uint8Array, ledger: string): Result<EngagementRecord> {
  const record = recordIn(payload);
  if (!record.ok) return record;
  if (record.value.ledger !== ledger) return bad("it was signed for another ledger");
  if (record.value.text !== textDigest(record.value)) {
    return bad("the text that was shown is not the one that belongs to this record");
  }
  return record;
}
