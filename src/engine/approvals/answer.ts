import { copyable } from "../../identity/approval/evaluate.ts";
import type { GivenAnswer } from "../../identity/approval/given.ts";
import { ownWorkOf, wayOut } from "../../identity/approval/separation.ts";
import { readApproval } from "../../identity/approval/signed.ts";
import { approvalOf, approvalPredicate } from "../../identity/approval/statement.ts";
import type { Asserted } from "../../identity/webauthn/assertion.ts";
import type { ApprovalAnswer, AskedApproval } from "../../model/approval.ts";
import { laneKey } from "../../model/primitives.ts";
import { personKeysProjection } from "../../store/projections/access.ts";
import { approvalRequestsProjection } from "../../store/projections/approvals.ts";
import { findApprovals, insertAnswer, lockApproval } from "../../store/queries/approvals.ts";
import { databaseTime } from "../../store/queries/attestations.ts";
import { announce } from "../../store/queries/events.ts";
import { keysOf, namesOf } from "../../store/queries/grants.ts";
import type { ApprovalRequestRow } from "../../store/schema-approvals.ts";
import type { Db, PromotionRow } from "../../store/schema.ts";
import { refused, requireByRecord } from "../access/people/two-people.ts";
import type { Engine } from "../engine.ts";
import { groundsOf } from "../ledger/leaning.ts";
import { requireWritable } from "../ledger/writable.ts";
import { governanceMode } from "../policy/governance.ts";
import { keepSigned, takeSigned, type ToTake } from "../signing/take-signed.ts";
import { givenAnswer, involved, peopleIn } from "./gather.ts";
import { lineageOf } from "./lineage.ts";
import { approverStanding, hintToWait } from "./standing.ts";

/** The text of ten thousand findings is far shorter. */
const maxAnswerBytes = 2 * 1024 * 1024;

/**
 * Takes a person's signed approval or rejection, all of it or nothing. An approval that would not count is refused at
 * once, with the reason; a rejection is taken from whoever has the right, own work or not.
 *
 * @param reference the request's id, or the beginning of it
 * @throws TidelockError `not-found`, `invalid-input` (not an answer to exactly this), `forbidden` (no right, own work, a
 *   key that was reset), `conflict` (answered, void, or the promotion has ended), `denied` (the database is not what the
 *   ledger says)
 */
export async function answerApproval(
  engine: Engine,
  reference: string,
  bytes: Uint8Array,
): Promise<ApprovalRequestRow> {
  await requireWritable(engine.db, "an approval is an entry of the ledger");
  const found = await findApproval(engine.db, reference);
  const person = whoSays(bytes, found);
  await requireByRecord(engine, async () => [
    ...groundsOf(approvalRequestsProjection, [await findApproval(engine.db, found.id)]),
    ...groundsOf(personKeysProjection, await keysOf(engine.db, person)),
  ]);
  await engine.db.transaction().execute(async (tx) => {
    const promotion = await lockPromotion(tx, found.promotion);
    const request = await requireOpen(tx, found.id, promotion);
    await takeAnswer(engine, tx, { request, promotion, person, bytes });
    await tx
      .updateTable("promotions")
      .set({ wake_at: null })
      .where("id", "=", promotion.id)
      .execute();
    await engine.wake(tx, promotion);
  });
  engine.signals.emit("change");
  engine.signals.emit("lane", { service: found.service, environment: found.environment });
  return findApproval(engine.db, found.id);
}

interface Taking {
  readonly request: ApprovalRequestRow;
  readonly promotion: PromotionRow;
  readonly person: string;
  readonly bytes: Uint8Array;
}

async function takeAnswer(
  engine: Engine,
  tx: Db,
  { request, promotion, person, bytes }: Taking,
): Promise<void> {
  const { id, asked, basis } = request;
  const to: ToTake<ApprovalAnswer> = {
    person,
    bytes,
    states: approvalPredicate.type,
    says: (payload) => approvalOf(payload, { asked, basis, person }),
    what: `answer to ${id}`,
    where: id,
    again: signAnew(id),
    stream: laneKey(request),
  };
  const taken = await takeSigned(tx, to);
  await keepSigned(tx, asked.release, to, taken);
  const { said: answer, asserted } = taken;
  const row = await insertAnswer(tx, request, {
    id: taken.id,
    request: id,
    purpose: answer.purpose,
    person,
    role: answer.role,
    key_id: taken.keyId,
    method: taken.method,
    asserted: asserted === null ? null : JSON.stringify(recorded(asserted)),
    not_before: answer.notBefore,
    expires_at: answer.expires,
  });
  if (!row)
    throw refused("conflict", "this person has answered it, and the first answer stands", id);
  const now = new Date(await databaseTime(tx));
  const given = await givenAnswer(engine, tx, { plan: promotion.plan, now }, row, request);
  if (given.against !== null) {
    const { role, key_id: key, answered_at: signedAt } = row;
    const { lane } = promotion.plan;
    const standing = await approverStanding(tx, lane, { person, role, key, signedAt }, now);
    throw refused("forbidden", given.against, id, hintToWait(standing) ?? hintFor(role));
  }
  if (answer.purpose === "approve") {
    requireBound(given, asked.asks, id);
    if (answer.expires !== null && Date.parse(answer.expires) <= now.getTime()) {
      throw refused("invalid-input", "it has expired already", id);
    }
    const lineage = await lineageOf(engine, tx, promotion.plan, promotion.id);
    const known = await involved(tx, lineage, peopleIn([given]));
    const own = ownWorkOf(given, known, await governanceMode(tx));
    if (own !== null) {
      const [name = person] = (await namesOf(tx, person)).names;
      throw refused("forbidden", own.message, id, wayOut(own, name));
    }
  }
  await announce(tx, {
    kind: answer.purpose === "approve" ? "approval.given" : "approval.rejected",
    service: request.service,
    environment: request.environment,
    promotion: promotion.id,
    message: `${request.asked.version} was ${answer.purpose === "approve" ? "approved" : "rejected"} as ${answer.role}`,
  });
}

/** Where everybody who is asked as this role has to sign with a key that stays on one device. */
function requireBound(given: GivenAnswer, asks: readonly AskedApproval[], where: string): void {
  const own = asks.filter(({ roles }) => roles.includes(given.role));
  const why = own.map((ask) => copyable(given, ask));
  const [first] = why;
  if (first === undefined || first === null || why.includes(null)) return;
  const hint = "sign with a security key, or another passkey that is not synchronised";
  throw refused("forbidden", first, where, hint);
}

function recorded({ algorithm, signCount, backupEligible, backedUp }: Asserted) {
  return { algorithm, signCount, backupEligible, backedUp };
}

/** @throws TidelockError `not-found`, `invalid-input` for a beginning that two have */
export async function findApproval(db: Db, reference: string): Promise<ApprovalRequestRow> {
  const [found, second] = await findApprovals(db, reference);
  if (found && !second) return found;
  const hint = "see what waits: tidelock approval list";
  if (found)
    throw refused("invalid-input", `two requests begin with ${reference}`, reference, hint);
  throw refused("not-found", `nobody was asked to approve ${reference}`, reference, hint);
}

function whoSays(bytes: Uint8Array, request: ApprovalRequestRow): string {
  if (bytes.length > maxAnswerBytes) {
    throw notThis(request, `it has ${bytes.length} bytes; at most ${maxAnswerBytes} are taken`);
  }
  const read = readApproval(bytes);
  if (read.ok) return read.value.answer.person;
  throw notThis(request, read.problem);
}

function notThis({ id }: ApprovalRequestRow, problem: string) {
  return refused("invalid-input", `this is no answer to ${id}: ${problem}`, id, signAnew(id));
}

function signAnew(id: string): string {
  return `look at what is asked now, and sign that: tidelock approval sign ${id.slice(0, 12)}`;
}

function hintFor(role: string): string {
  return `to give the right: tidelock person grant <name> --approve ${role}`;
}

async function lockPromotion(tx: Db, id: string): Promise<PromotionRow> {
  return tx
    .selectFrom("promotions")
    .selectAll()
    .where("id", "=", id)
    .forUpdate()
    .executeTakeFirstOrThrow();
}

async function requireOpen(
  tx: Db,
  id: string,
  promotion: PromotionRow,
): Promise<ApprovalRequestRow> {
  const request = await lockApproval(tx, id);
  if (!request) throw refused("not-found", "the request is gone", id);
  if (request.voided_at !== null) {
    const hint = `see what is asked now: tidelock approval list --promotion ${promotion.id}`;
    throw refused("conflict", `it is void: ${request.why ?? ""}`, id, hint);
  }
  if (promotion.state !== "running" || promotion.ending || promotion.desired === "aborted") {
    const state = promotion.state === "running" ? "ending" : promotion.state;
    throw refused("conflict", `the promotion waits for nobody any more: it is ${state}`, id);
  }
  return request;
}
