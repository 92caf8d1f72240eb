import { z } from "zod";
import { Proposed } from "../../model/finding-act.ts";
import { Digest } from "../../model/primitives.ts";
import { digestBytes, utf8 } from "../bytes.ts";
import { readSignedPayload } from "../person-signature.ts";
import { checkShape } from "../read-json.ts";
import { bad, type Result } from "../result.ts";
import { makeStatement, readStatement, type Statement } from "../statement.ts";
import type { PredicateKind } from "./predicate.ts";

export const FindingConsent = z.strictObject({
  purpose: z.literal("judge-finding"),
  proposed: Proposed,
  /** By pseudonym. */
  person: z.string().regex(/^person:[0-9a-f]{32}$/),
  /** Of the text that was shown before it was signed (`consentText`). */
  text: Digest,
});
export type FindingConsent = z.infer<typeof FindingConsent>;

export const findingConsent = {
  type: "https://tidelock.dev/predicate/finding-consent/v1",
  schema: FindingConsent,
} as const satisfies PredicateKind<typeof FindingConsent>;

/** What is signed, in words. */
export function consentText(proposed: Proposed, person: string): readonly string[] {
  const { act } = proposed;
  return [
    ...statedBy(proposed),
    `  finding        ${proposed.rule}: ${proposed.title}`,
    `  reason         ${act.reason.split("\n").join("\n                 ")}`,
    `  proposal       ${proposed.proposal}`,
    `  fingerprints   ${proposed.fingerprints}`,
    `  ledger         ${proposed.ledger}`,
    `  I am           ${person}`,
    "It counts when two different people have signed it, and neither can do so alone.",
  ];
}

function statedBy({ finding, service, severity, act }: Proposed): readonly string[] {
  const looked = `I have looked at ${finding} of ${service}, and it`;
  switch (act.kind) {
    case "false-positive":
      return [`${looked} is a false positive: no gate counts it, until ${act.until}.`];
    case "lower":
      return [
        `${looked} is not ${severity} but ${act.severity}: gates count it as that, until ${act.until}.`,
      ];
    case "retire-scan": {
      const { tool, subject, environment, sees } = act.scan;
      const where = environment === null ? "" : ` in ${environment}`;
      return [
        `Nobody makes this scan of ${service} any more: ${tool}${where}, of ${subject === "" ? "no subject" : subject}.`,
        `What it alone sees is closed without having been verified: ${sees} ${sees === 1 ? "finding is" : "findings are"} seen by it, ${finding} among them.`,
        `  scan           ${act.scan.scope}`,
        `  its findings   ${act.scan.findings}`,
      ];
    }
  }
}

function textDigest(proposed: Proposed, person: string): Digest {
  return digestBytes(utf8(`${consentText(proposed, person).join("\n")}\n`));
}

/** Its subject is what was looked at: the digest of the fingerprints. */
export function consentStatement(proposed: Proposed, person: string): Statement {
  const text = textDigest(proposed, person);
  const predicate: FindingConsent = { purpose: "judge-finding", proposed, person, text };
  const name = `${proposed.finding} of ${proposed.service}`;
  return makeStatement(
    [{ name, digest: proposed.fingerprints }],
    findingConsent.type,
    predicate as unknown as Record<string, unknown>,
  );
}

/** Who it says that signed it: to look for the keys of that person, and nothing else. */
export function readConsent(bytes: Uint8Array): Result<FindingConsent> {
  const payload = readSignedPayload(bytes);
  return payload.ok ? consentIn(payload.value) : payload;
}

function consentIn(payload: Uint8Array): Result<FindingConsent> {
  const statement = readStatement(payload);
  if (!statement.ok) return statement;
  const { predicateType, predicate } = statement.value;
  if (predicateType !== findingConsent.type) {
    return bad(`it states ${predicateType}, and ${findingConsent.type} is expected`);
  }
  return checkShape(predicate, FindingConsent, "the consent");
}

/** Whether a payload, whose signature is verified, is this person's consent to exactly what was proposed. */
export function findingConsentOf(
  payload: Uint8Array,
  expected: { readonly proposed: Proposed; readonly person: string },
): Result<FindingConsent> {
  const consent = consentIn(payload);
  if (!consent.ok) return consent;
  const { proposed, person, text } = consent.value;
  const wanted = expected.proposed;
  const differing = (Object.keys(wanted) as (keyof Proposed)[]).filter(
    (field) => JSON.stringify(sorted(proposed[field])) !== JSON.stringify(sorted(wanted[field])),
  );
  if (differing.length > 0) return bad(`it was signed for another ${differing.join(", ")}`);
  if (person !== expected.person) return bad("it is another person's");
  if (text !== textDigest(wanted, person)) {
    return bad("the text that was shown is not the one that belongs to this proposal");
  }
  return consent;
}

/** Keys in order, so that what is the same compares as the same. */
function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
}
