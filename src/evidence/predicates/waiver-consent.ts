import { z } from "zod";
import { canonicalJson } from "../../model/canonical.ts";
import { Digest } from "../../model/primitives.ts";
import { Waived } from "../../model/waiver.ts";
import { digestBytes, utf8 } from "../bytes.ts";
import { readSignedPayload } from "../person-signature.ts";
import { checkShape } from "../read-json.ts";
import { bad, type Result } from "../result.ts";
import { makeStatement, readStatement, type Statement } from "../statement.ts";
import type { PredicateKind } from "./predicate.ts";

export const WaiverConsent = z.strictObject({
  purpose: z.literal("accept-risk"),
  waived: Waived,
  /** By pseudonym. */
  person: z.string().regex(/^person:[0-9a-f]{32}$/),
  /** Of the text that was shown before it was signed (`waiverText`). */
  text: Digest,
});
export type WaiverConsent = z.infer<typeof WaiverConsent>;

export const waiverConsent = {
  type: "https://tidelock.dev/predicate/waiver-consent/v1",
  schema: WaiverConsent,
} as const satisfies PredicateKind<typeof WaiverConsent>;

/** What is signed, in words. */
export function waiverText(waived: Waived, person: string): readonly string[] {
  const { of } = waived;
  const only =
    waived.release === null ? "of any release that has the same" : `of ${waived.release}`;
  return [
    `I accept ${nameOfAccepted(of)} of ${waived.service} in ${waived.environment}, until ${waived.until}.`,
    ...(of.kind === "finding"
      ? [
          `  finding        ${of.rule}: ${of.title}`,
          `  severity       ${of.severity}${of.knownExploited === true ? ", known to be exploited" : ""}`,
          `  fingerprints   ${of.fingerprints}`,
        ]
      : [
          `  check          ${of.check} (${of.uses}) as ${of.demand}`,
          `  verdicts       ${of.verdicts.join(", ")}`,
          ...of.failing.map((name) => `  what fails     ${indented(name)}`),
        ]),
    `  release        ${only}`,
    `  reason         ${indented(waived.reason)}`,
    `  meanwhile      ${indented(waived.control)}`,
    `  owner          ${waived.owner}`,
    `  waiver         ${waived.waiver}`,
    `  ledger         ${waived.ledger}`,
    `  I am           ${person}`,
    "It counts when two different people have signed it, and neither can do so alone.",
  ];
}

export function nameOfAccepted(of: Waived["of"]): string {
  return of.kind === "finding"
    ? of.finding
    : `that the check ${of.check} says ${of.verdicts.join(" or ")}`;
}

function indented(text: string): string {
  return text.split("\n").join("\n                 ");
}

function textDigest(waived: Waived, person: string): Digest {
  return digestBytes(utf8(`${waiverText(waived, person).join("\n")}\n`));
}

/** Its subject is what is accepted: the finding's fingerprints, or what the check was told. */
export function waiverStatement(waived: Waived, person: string): Statement {
  const { of, waiver } = waived;
  const text = textDigest(waived, person);
  const predicate: WaiverConsent = { purpose: "accept-risk", waived, person, text };
  const digest = of.kind === "finding" ? of.fingerprints : of.demand;
  return makeStatement(
    [{ name: `${waiver}: ${nameOfAccepted(of)}`, digest }],
    waiverConsent.type,
    predicate as unknown as Record<string, unknown>,
  );
}

/** Who it says that signed it: to look for the keys of that person, and nothing else. */
export function readWaiverConsent(bytes: Uint8Array): Result<WaiverConsent> {
  const payload = readSignedPayload(bytes);
  return payload.ok ? consentIn(payload.value) : payload;
}

function consentIn(payload: Uint8Array): Result<WaiverConsent> {
  const statement = readStatement(payload);
  if (!statement.ok) return statement;
  const { predicateType, predicate } = statement.value;
  if (predicateType !== waiverConsent.type) {
    return bad(`it states ${predicateType}, and ${waiverConsent.type} is expected`);
  }
  return checkShape(predicate, WaiverConsent, "the consent");
}

/** Whether a payload, whose signature is verified, is this person's consent to exactly this waiver. */
export function waiverConsentOf(
  payload: Uint8Array,
  expected: { readonly waived: Waived; readonly person: string },
): Result<WaiverConsent> {
  const consent = consentIn(payload);
  if (!consent.ok) return consent;
  const { waived, person, text } = consent.value;
  const wanted = expected.waived;
  const differing = (Object.keys(wanted) as (keyof Waived)[]).filter(
    (field) => canonicalJson(waived[field]) !== canonicalJson(wanted[field]),
  );
  if (differing.length > 0) return bad(`it was signed for another ${differing.join(", ")}`);
  if (person !== expected.person) return bad("it is another person's");
  if (text !== textDigest(wanted, person)) {
    return bad("the text that was shown is not the one that belongs to this waiver");
  }
  return consent;
}
