import { personKeysOf } from "../../identity/signing/person-keys.ts";
import { verifyApproval } from "../../identity/approval/signed.ts";
import { ApprovalBasis } from "../../model/approval.ts";
import type { LogEntry } from "../log-entry.ts";
import { ApprovalAnswered, ApprovalRequested } from "../payloads.ts";
import type { Findings } from "../report.ts";
import type { Blobs } from "./blobs.ts";
import { earlier, hadRight, type Material, standingKey, wordsIn } from "./people.ts";

/**
 * Each approval and rejection: signed by a key that was that person's then, under a right that stood, about exactly what
 * the log says that people were asked, once, and while it was not void. Whose own work it was, and whether enough people
 * signed, the gate's decision says, which is made again from its inputs.
 *
 * @param origins names of this log, and of those that it succeeds
 */
export function checkApprovals(
  entries: readonly LogEntry[],
  origins: ReadonlySet<string>,
  blobs: Blobs,
  findings: Findings,
): void {
  const requests = new Map<string, ApprovalRequested>();
  const answered = new Set<string>();
  for (const { entry, payload, report } of wordsIn(entries, "approval.", "approvals", findings)) {
    const { leaf } = entry;
    if (leaf.kind === "approval.asked" || leaf.kind === "approval.voided") {
      const read = ApprovalRequested.safeParse(payload);
      if (!read.success) report("it does not say what people were asked to approve");
      else if (read.data.request !== read.data.asked.request) report("it is about another request");
      else requests.set(read.data.request, read.data);
      continue;
    }
    if (leaf.kind !== "approval.answered") continue;
    findings.seen("approvals");
    const read = ApprovalAnswered.safeParse(payload);
    if (!read.success) {
      report("it does not say what was answered");
      continue;
    }
    const once = `${read.data.request} ${read.data.person}`;
    if (answered.has(once)) report(`${read.data.person} has answered it before`);
    answered.add(once);
    const material = { before: earlier(entries, entry), origins, blobs };
    const wrong = problemOf(entry, read.data, requests.get(read.data.request), material);
    if (wrong !== null) report(wrong);
  }
}

function problemOf(
  entry: LogEntry,
  said: ApprovalAnswered,
  request: ApprovalRequested | undefined,
  { before, origins, blobs }: Material,
): string | null {
  if (request === undefined) return `nobody was asked ${said.request} before`;
  if (request.voidedAt !== null) return `what it answers was void by then: ${request.why ?? ""}`;
  const { asked } = request;
  if (!origins.has(asked.ledger)) return `it is for the log ${asked.ledger}, which is not this one`;
  if (`${asked.service}/${asked.environment}` !== entry.leaf.stream) return "it is of another lane";
  const key = standingKey(before, said);
  if (typeof key === "string") return key;
  if (!hadRight(before, { ...said, right: `approve:${said.role}` }, asked)) {
    return `${said.person} had no right to approve as ${said.role} then`;
  }
  const text = blobs.needJson(asked.decision, "what was approved", entry);
  const bytes = blobs.need(said.answer as typeof asked.decision, "the signed approval", entry);
  const basis = ApprovalBasis.safeParse(text).data;
  // What is missing is a problem already, and what was erased can speak for nobody.
  if (basis === undefined || bytes === null) return null;
  const verified = verifyApproval(bytes, personKeysOf([key]), {
    asked,
    basis,
    person: said.person,
  });
  if (!verified.ok) return verified.problem;
  const { said: answer, key: signer, asserted } = verified.value;
  const same =
    answer.purpose === said.purpose &&
    answer.role === said.role &&
    answer.notBefore === said.notBefore &&
    answer.expires === said.expires &&
    signer === said.key &&
    (asserted === null) === (said.method === "key") &&
    asserted?.backupEligible === said.asserted?.backupEligible &&
    asserted?.backedUp === said.asserted?.backedUp;
  return same ? null : "the entry says something else than what was signed";
}
