import { decodeBase64 } from "../../evidence/bytes.ts";
import { policyConsentOf } from "../../evidence/predicates/policy-consent.ts";
import { vouchOf } from "../../evidence/predicates/vouch.ts";
import { personKeysOf } from "../../identity/signing/person-keys.ts";
import { verifySigned } from "../../identity/signing/signed.ts";
import { policyRight, PolicyProposed } from "../../model/policy-proposal.ts";
import { vouchRight } from "../../model/vouch.ts";
import type { LogEntry } from "../log-entry.ts";
import { PolicyAct, PolicySignatureBlob, Vouched } from "../payloads-people.ts";
import { enrolling } from "../people/signed-changes.ts";
import type { Findings } from "../report.ts";
import { earlier, hadRight, type Material, standingKey, wordsIn } from "./people.ts";

type Words = Omit<Material, "before">;

const everywhere = { service: null, environment: null };

/**
 * Words by which somebody stands for somebody else: a third person's vouching, and the signatures of two under a key, a
 * right or a role. Each is signed by a key that was that person's then, under a right that stood, over exactly what the
 * entry says. Whom they free of their sponsors is computed from them, where a decision or a review leans on it.
 *
 * A provider's word has no key of a person, and its token is not kept, because it says names: that it was signed is the
 * server's word. Whether it counts, and who stands behind it, is computed from the entries all the same.
 */
export function checkVouches(
  entries: readonly LogEntry[],
  { origins, blobs }: Words,
  findings: Findings,
): void {
  for (const { entry, payload, report } of wordsIn(entries, "person.vouched", "people", findings)) {
    findings.seen("people");
    const said = Vouched.safeParse(payload).data;
    if (said === undefined) report("it does not say who vouches for whom");
    else if (said.voucher === null) {
      const whose = `entry ${entry.index}: ${said.person} was vouched for by ${said.issuer ?? "a provider"}`;
      findings.note("people", `${whose}, as the server took it`);
    } else {
      const material = { before: earlier(entries, entry), origins, blobs };
      const wrong = vouchProblem(entry, { ...said, voucher: said.voucher }, material);
      if (wrong !== null) report(wrong);
    }
  }
  checkConsents(entries, { origins, blobs }, findings);
}

function vouchProblem(
  entry: LogEntry,
  said: Vouched & { readonly voucher: string },
  { before, origins, blobs }: Material,
): string | null {
  const { voucher: person } = said;
  const key = standingKey(before, { key: said.key ?? "", person });
  if (typeof key === "string") return key;
  const may = [vouchRight, policyRight].some((right) =>
    hadRight(before, { person, right }, everywhere),
  );
  if (!may) return `${person} had no right to vouch for anybody then`;
  const bytes = blobs.need(said.vouch, "the signed word", entry);
  if (bytes === null) return null;
  const verified = verifySigned(bytes, personKeysOf([key]), vouchOf);
  if (!verified.ok) return verified.problem;
  const { of, person: signer } = verified.value.said;
  if (!origins.has(of.ledger)) return `it is for the log ${of.ledger}, which is not this one`;
  const acts = of.acts.map(({ operation }) => operation);
  const same =
    signer === person && of.person === said.person && acts.join("\n") === said.acts.join("\n");
  if (!same) return "the entry says something else than what was signed";
  const known = new Set(before.map(({ leaf }) => leaf.operation));
  const unknown = acts.find((operation) => !known.has(operation));
  return unknown === undefined ? null : `it vouches for ${unknown}, which no entry before is`;
}

function checkConsents(entries: readonly LogEntry[], words: Words, findings: Findings): void {
  const proposals = new Map<string, PolicyProposed>();
  for (const { entry, payload, report } of wordsIn(entries, "policy.", "people", findings)) {
    const { kind } = entry.leaf;
    const act = PolicyAct.safeParse(payload).data;
    if (act === undefined || kind === "policy.void") continue;
    if (kind === "policy.proposed") {
      if (!enrolling.has(act.change ?? "")) continue;
      const content = words.blobs.needJson(act.content, "what was proposed", entry);
      const read = PolicyProposed.safeParse((content as { proposed?: unknown } | null)?.proposed);
      if (!read.success) report("it does not say what was proposed");
      else if (read.data.proposal !== act.proposal) report("it is of another proposal");
      else proposals.set(act.proposal, read.data);
      continue;
    }
    const proposed = proposals.get(act.proposal);
    if (proposed === undefined) continue;
    findings.seen("people");
    const content = words.blobs.needJson(act.content, "what was signed or done", entry);
    if (kind !== "policy.signed" || content === null) continue;
    const material = { ...words, before: earlier(entries, entry) };
    const wrong = consentProblem(content, act.person ?? "", proposed, material);
    if (wrong !== null) report(wrong);
  }
}

function consentProblem(
  content: unknown,
  person: string,
  proposed: PolicyProposed,
  { before, origins }: Material,
): string | null {
  const signature = PolicySignatureBlob.safeParse(content).data;
  const bytes = signature ? decodeBase64(signature.envelope) : null;
  if (!signature || !bytes) return "it holds no signature";
  if (signature.person !== person) return "the entry says something else than what was signed";
  if (!origins.has(proposed.ledger)) {
    return `it is for the log ${proposed.ledger}, which is not this one`;
  }
  const key = standingKey(before, { key: signature.key, person });
  if (typeof key === "string") return key;
  if (!hadRight(before, { person, right: policyRight }, everywhere)) {
    return `${person} had no right to sign changes of policy then`;
  }
  const verified = verifySigned(bytes, personKeysOf([key]), (payload) =>
    policyConsentOf(payload, { proposed, person }),
  );
  return verified.ok ? null : verified.problem;
}
