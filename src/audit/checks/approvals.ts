import { personKeysOf } from "../../identity/signing/person-keys.ts";
import { verifyApproval } from "../../identity/approval/signed.ts";
import { ApprovalBasis } from "../../model/approval.ts";
import type { LogEntry } from "../log-entry.ts";
import {
  ApprovalAnswered,
  ApprovalRequested,
  Granted,
  PasskeyAdded,
  PersonKeyed,
} from "../payloads.ts";
import type { Findings } from "../report.ts";
import type { Blobs } from "./blobs.ts";

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
  for (const entry of entries) {
    const { leaf, index, payload } = entry;
    if (!leaf.kind.startsWith("approval.")) continue;
    const report = (message: string): void =>
      findings.problem("approvals", { entry: index, stream: leaf.stream }, message);
    if (payload === null) {
      findings.note("approvals", `entry ${index}: it was erased and cannot be judged`);
      continue;
    }
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
    const before = entries.filter((one) => one.index < index);
    const wrong = problemOf(entry, read.data, requests.get(read.data.request), {
      before,
      origins,
      blobs,
    });
    if (wrong !== null) report(wrong);
  }
}

interface Material {
  readonly before: readonly LogEntry[];
  readonly origins: ReadonlySet<string>;
  readonly blobs: Blobs;
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

/** The key as it stood before; a string says why it did not. */
export function standingKey(
  before: readonly LogEntry[],
  { key, person }: Pick<ApprovalAnswered, "key" | "person">,
) {
  const operation = `person-key/${key}/`;
  const own = before.filter(({ leaf }) => leaf.operation.startsWith(operation));
  const added = PersonKeyed.safeParse(own[0]?.payload);
  if (!added.success) return `no entry before it says whose key ${key} is`;
  if (own.some(({ leaf }) => leaf.kind === "person.key-removed")) {
    return `the key ${key} had been removed by then`;
  }
  if (added.data.person !== person) return `the key ${key} is not ${person}'s`;
  const { publicKey, webauthn } = added.data;
  const signsIn = before.some(({ leaf, payload }) => {
    const said = leaf.kind === "passkey.added" ? PasskeyAdded.safeParse(payload).data : undefined;
    return said && (said.key === key || said.credentialId === webauthn?.credentialId);
  });
  if (signsIn) return `the key ${key} signs somebody in, and no approvals`;
  return { key_id: key, public_key: publicKey, webauthn: webauthn ?? null };
}

/** Whether somebody had a right there, by the entries before. */
export function hadRight(
  before: readonly LogEntry[],
  said: { readonly person: string; readonly right: string },
  { service, environment }: Pick<ApprovalRequested["asked"], "service" | "environment">,
): boolean {
  const standing = new Map<string, Granted>();
  for (const { leaf, payload } of before) {
    const read = leaf.kind.startsWith("grant.") ? Granted.safeParse(payload) : null;
    if (!read?.success) continue;
    if (read.data.removed) standing.delete(read.data.grant);
    else standing.set(read.data.grant, read.data);
  }
  return [...standing.values()].some(
    (one) =>
      one.person === said.person &&
      one.right === said.right &&
      (one.service === null || one.service === service) &&
      (one.environment === null || one.environment === environment),
  );
}
