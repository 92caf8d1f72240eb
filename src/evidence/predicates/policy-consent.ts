import { z } from "zod";
import { canonicalJson, digestOf } from "../../model/canonical.ts";
import { type PolicyChange, PolicyProposed } from "../../model/policy-proposal.ts";
import { Digest } from "../../model/primitives.ts";
import { digestBytes, utf8 } from "../bytes.ts";
import { readSignedPayload } from "../person-signature.ts";
import { checkShape } from "../read-json.ts";
import { bad, type Result } from "../result.ts";
import { makeStatement, readStatement, type Statement } from "../statement.ts";
import type { PredicateKind } from "./predicate.ts";

/** A person's agreement that policy, or who decides it, is to be another. */
export const PolicyConsent = z.strictObject({
  purpose: z.literal("change-policy"),
  proposed: PolicyProposed,
  /** By pseudonym. */
  person: z.string().regex(/^person:[0-9a-f]{32}$/),
  /** Of the text that was shown before it was signed (`policyConsentText`). */
  text: Digest,
});
export type PolicyConsent = z.infer<typeof PolicyConsent>;

export const policyConsent = {
  type: "https://tidelock.dev/predicate/policy-consent/v1",
  schema: PolicyConsent,
} as const satisfies PredicateKind<typeof PolicyConsent>;

/** What is signed, in words. */
export function policyConsentText(proposed: PolicyProposed, person: string): readonly string[] {
  const { change } = proposed;
  return [
    `I agree that ${sentenceOf(change)}.`,
    ...detailOf(change).map((line) => `  ${line}`),
    `  proposal       ${proposed.proposal}, until ${proposed.until}`,
    `  ledger         ${proposed.ledger}`,
    `  I am           ${person}`,
    "It takes effect when two different people have signed it, and neither can do so alone.",
  ];
}

function sentenceOf(change: PolicyChange): string {
  switch (change.kind) {
    case "documents":
      return "what lets releases through is changed as follows";
    case "governance":
      return "from here on one person alone may change policy (governance solo), and every decision says so";
    case "grant":
      return `${change.person} ${change.right === undefined ? "may sign changes of policy" : `has the right ${change.right}`} in ${change.environment ?? "every environment"}, for ${change.service ?? "every service"}, by ${change.keys.length === 0 ? "no key yet" : `the keys ${change.keys.join(", ")}`}`;
    case "role":
      return `${change.person ?? `the token ${change.token ?? ""}`} has the role ${change.role} in ${change.environment ?? "every environment"}, for ${change.service ?? "every service"}; it holds ${change.permissions.join(", ") || "nothing"}`;
    case "enrolment":
      if (change.act === "provider") {
        return `${change.person} may vouch for people who sign in there: ${change.of}. Whoever signs this stands behind each of its words`;
      }
      return `${change.person} gets ${enrolments[change.act]}${change.of === "" ? "" : ` (${change.of})`}: whoever it is given to acts as this person`;
    case "role-definition":
      return `whoever has the role ${change.role} may do exactly this from here on: ${change.permissions.join(", ") || "nothing"}`;
    case "workload-rule":
      return workloadSentence(change);
    case "key":
      if (change.commits)
        return `commits signed by the key ${change.key} are ${change.person}'s; it signs nothing else`;
      return `the key ${change.key} signs for ${change.person}, ${change.rights === undefined ? "who may sign changes of policy" : `who has the rights ${change.rights.join(", ")}`}`;
  }
}

const enrolments = {
  invitation: "an invitation to sign in",
  reset: "a new way to sign in, because the old one is lost",
  passkey: "a further passkey",
  identity: "an identity of a provider to sign in with",
  return: "back all that counted before they were suspended or left",
} as const;
function workloadSentence({
  rule,
  permissions,
}: Extract<PolicyChange, { kind: "workload-rule" }>): string {
  const { issuer, role, environment, service, lastsMs } = rule;
  return `whoever ${issuer} vouches for as follows gets a token of the role ${role} in ${environment ?? "every environment"}, for ${service ?? "every service"}, for ${lastsMs / 60_000} minutes; it holds ${permissions.join(", ") || "nothing"}`;
}

function workloadDetail({ rule }: Extract<PolicyChange, { kind: "workload-rule" }>) {
  const { name, platform, audience, claims, anyWorkflow, maxAgeMs, jwks } = rule;
  return [
    `rule ${name}, platform ${platform}, audience ${audience}`,
    ...Object.entries(claims).map(([claim, values]) => `${claim} is ${values.join(" or ")}`),
    ...(anyWorkflow ? ["whatever workflow it is"] : []),
    `its token no older than ${maxAgeMs / 60_000} minutes`,
    jwks === null
      ? "signed by a key that the issuer publishes"
      : `signed by one of ${jwks.length} keys given here, of the digest ${digestOf(jwks)}`,
  ];
}

function detailOf(change: PolicyChange): readonly string[] {
  if (change.kind === "workload-rule") return workloadDetail(change);
  if (change.kind !== "documents") return [];
  const { documents, changes, replay } = change;
  return [
    ...changes,
    `since ${replay.since}: ${replay.text}`,
    ...documents.map(
      ({ kind, name, before, after }) =>
        `${kind.toLowerCase()} ${name}: ${before ?? "none"} becomes ${after}`,
    ),
    `replay         ${replay.digest}`,
  ];
}

function textDigest(proposed: PolicyProposed, person: string): Digest {
  return digestBytes(utf8(`${policyConsentText(proposed, person).join("\n")}\n`));
}

/** Its subject is what was looked at: the digest of the whole proposal. */
export function policyConsentStatement(proposed: PolicyProposed, person: string): Statement {
  const text = textDigest(proposed, person);
  const predicate: PolicyConsent = { purpose: "change-policy", proposed, person, text };
  return makeStatement(
    [{ name: `policy proposal ${proposed.proposal}`, digest: digestOf(proposed) }],
    policyConsent.type,
    predicate as unknown as Record<string, unknown>,
  );
}

/** Who it says that signed it: to look for the keys of that person, and nothing else. */
export function readPolicyConsent(bytes: Uint8Array): Result<PolicyConsent> {
  const payload = readSignedPayload(bytes);
  return payload.ok ? consentIn(payload.value) : payload;
}

function consentIn(payload: Uint8Array): Result<PolicyConsent> {
  const statement = readStatement(payload);
  if (!statement.ok) return statement;
  const { predicateType, predicate } = statement.value;
  if (predicateType !== policyConsent.type) {
    return bad(`it states ${predicateType}, and ${policyConsent.type} is expected`);
  }
  return checkShape(predicate, PolicyConsent, "the consent");
}

/** Whether a payload, whose signature is verified, is this person's consent to exactly what was proposed. */
export function policyConsentOf(
  payload: Uint8Array,
  expected: { readonly proposed: PolicyProposed; readonly person: string },
): Result<PolicyConsent> {
  const consent = consentIn(payload);
  if (!consent.ok) return consent;
  const { proposed, person, text } = consent.value;
  if (canonicalJson(proposed) !== canonicalJson(expected.proposed)) {
    return bad("it was signed for another proposal, or for another wording of this one");
  }
  if (person !== expected.person) return bad("it is another person's");
  if (text !== textDigest(expected.proposed, person)) {
    return bad("the text that was shown is not the one that belongs to this proposal");
  }
  return consent;
}
