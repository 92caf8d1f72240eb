import type { ManualRequestView } from "../../api/routes/manual.ts";
import { readSignedPayload } from "../../evidence/person-signature.ts";
import {
  type ManualAnswer,
  manualAnswer,
  readAnswer,
  answerOf,
} from "../../evidence/predicates/manual-answer.ts";
import { TidelockError } from "../../model/errors.ts";
import { redactor } from "../../model/redact.ts";
import { laneKey } from "../../model/primitives.ts";
import type { Actor } from "../../ports/control-plane.ts";
import { personKeysProjection } from "../../store/projections/access.ts";
import { checkRequestsProjection } from "../../store/projections/manual.ts";
import {
  answerRequest,
  beginRequest,
  findRequests,
  lockRequest,
} from "../../store/queries/check-requests.ts";
import { configurationByDigest } from "../../store/queries/catalogue.ts";
import { environmentLease } from "../../store/queries/environment-leases.ts";
import { announce } from "../../store/queries/events.ts";
import { keysOf } from "../../store/queries/grants.ts";
import { dbNow } from "../../store/queries/promotions.ts";
import type { CheckRequestRow } from "../../store/schema-manual.ts";
import type { Db, PromotionRow } from "../../store/schema.ts";
import { secretValues } from "../slots/bindings.ts";
import { refused, requireByRecord } from "../access/people/two-people.ts";
import type { Engine } from "../engine.ts";
import { groundsOf } from "../ledger/leaning.ts";
import { requireWritable } from "../ledger/writable.ts";
import { keepSigned, takeSigned, type ToTake } from "../signing/take-signed.ts";
import { askedOf } from "./asked.ts";
import { groundsOfStanding, standingOf } from "./right.ts";
import { groundsOfSigner, signerAgainst } from "./signer.ts";
import { requireSessionTime } from "./session-time.ts";
import { requestView } from "./views.ts";

/** An answer of a hundred items with a page of comment each is far smaller. */
const maxAnswerBytes = 512 * 1024;

/**
 * Takes a person's signed answer, all of it or nothing: the bytes, the request, the entry and the wake-up of the
 * promotion are one transaction.
 *
 * @param reference the request's id (or its beginning), or the run
 * @throws TidelockError `not-found`, `invalid-input` (not an answer to this), `forbidden` (no right, or own work),
 *   `conflict` (answered, too late, a session too short, or the promotion has ended), `denied` (the database is not what the ledger says)
 */
export async function answerCheck(
  engine: Engine,
  reference: string,
  bytes: Uint8Array,
): Promise<ManualRequestView> {
  await requireWritable(engine.db, "an answer is an entry of the ledger");
  const found = await findRequest(engine.db, reference);
  const answer = readOrRefuse(bytes, found);
  await refuseSecrets(engine, found, bytes);
  const { person } = answer.asked;
  await requireByRecord(engine, async () => {
    const { db } = engine;
    const request = await findRequest(db, found.id);
    return [
      ...groundsOf(checkRequestsProjection, [request]),
      ...groundsOf(personKeysProjection, await keysOf(db, person)),
      ...(await groundsOfStanding(db, person, request)),
      ...(await groundsOfSigner(db, request, { person, key: null })),
    ];
  });
  await engine.db.transaction().execute(async (tx) => {
    const promotion = await lockPromotion(tx, found.promotion);
    const request = await requireOpen(tx, found.id, promotion);
    const standing = await standingOf(tx, person, request);
    const to: ToTake<ManualAnswer> = {
      person,
      bytes,
      states: manualAnswer.type,
      says: (payload) => answerOf(payload, { asked: askedOf(request, person), form: request.form }),
      what: `answer to ${request.id}`,
      where: request.id,
      again: answerAnew(request.id),
      stream: laneKey(request),
    };
    const taken = await takeSigned(tx, to);
    const against =
      standing.against ?? (await signerAgainst(tx, request, { person, key: taken.key }));
    if (against !== null) throw forbidden(request, against);
    await requireSessionTime(tx, request, taken.said.answers);
    await keepSigned(tx, request.release, to, taken);
    const given = {
      answer: taken.id,
      person,
      key_id: taken.keyId,
      separation: standing.separation.known,
    };
    const answered = await answerRequest(tx, request.id, given, request.form.validFor);
    if (!answered) throw answeredAlready(request);
    await announce(tx, {
      kind: "check.answered",
      service: request.service,
      environment: request.environment,
      promotion: request.promotion,
      message: `check ${request.check} was answered as ${request.role}`,
    });
    await wakeUp(engine, tx, promotion);
  });
  engine.signals.emit("change");
  engine.signals.emit("lane", { service: found.service, environment: found.environment });
  return requestView(engine, found.id);
}

/** A session's time begins now, by the database's clock. */
export async function beginSession(
  engine: Engine,
  actor: Actor,
  reference: string,
): Promise<ManualRequestView> {
  await requireWritable(engine.db, "the beginning of a session is an entry of the ledger");
  const found = await findRequest(engine.db, reference);
  await engine.db.transaction().execute(async (tx) => {
    const promotion = await lockPromotion(tx, found.promotion);
    const request = await requireOpen(tx, found.id, promotion);
    if (request.form.kind !== "session") {
      throw new TidelockError("invalid-input", "a checklist has no time to begin: answer it", {
        fault: "operator",
        where: request.id,
      });
    }
    const held = await environmentLease(tx, request.environment);
    if (held && held.promotion !== request.promotion) {
      throw new TidelockError(
        "conflict",
        `check ${held.check} of ${held.promotion} has ${request.environment} to itself`,
        { fault: "operator", where: request.id, hint: "begin when it has ended" },
      );
    }
    const begun = await beginRequest(tx, request.id, actor.id);
    if (!begun) {
      throw new TidelockError("conflict", "this session has begun already", {
        fault: "operator",
        where: request.id,
      });
    }
    await announce(tx, {
      kind: "check.begun",
      service: request.service,
      environment: request.environment,
      promotion: request.promotion,
      message: `the session of check ${request.check} has begun`,
    });
  });
  engine.signals.emit("change");
  return requestView(engine, found.id);
}

/** Throws `not-found`, and `invalid-input` for a beginning that two have. */
export async function findRequest(db: Db, reference: string): Promise<CheckRequestRow> {
  const [found, second] = await findRequests(db, reference);
  if (found && !second) return found;
  if (found) {
    throw new TidelockError("invalid-input", `two requests begin with ${reference}`, {
      fault: "operator",
      where: reference,
      hint: "write more of it",
    });
  }
  throw new TidelockError("not-found", `nobody was asked ${reference}`, {
    fault: "operator",
    where: reference,
    hint: "see what waits: tidelock check todo",
  });
}

function readOrRefuse(bytes: Uint8Array, request: CheckRequestRow): ManualAnswer {
  if (bytes.length > maxAnswerBytes) {
    refuseAnswer(request, `it has ${bytes.length} bytes; at most ${maxAnswerBytes} are taken`);
  }
  const read = readAnswer(bytes);
  return read.ok ? read.value : refuseAnswer(request, read.problem);
}

function refuseAnswer({ id }: CheckRequestRow, problem: string): never {
  throw refused("invalid-input", `this is no answer to ${id}: ${problem}`, id, answerAnew(id));
}

function answerAnew(id: string): string {
  return `answer it anew: tidelock check answer ${id.slice(0, 12)}`;
}

function forbidden(request: CheckRequestRow, why: string): TidelockError {
  return new TidelockError("forbidden", why, {
    fault: "operator",
    where: `check ${request.check} of ${request.promotion}`,
    hint: `who may: tidelock check todo; to give the right: tidelock person grant <name> --role ${request.role}`,
  });
}

function answeredAlready(request: CheckRequestRow): TidelockError {
  return new TidelockError("conflict", "it was answered already, and the first answer stands", {
    fault: "operator",
    where: request.id,
  });
}

async function lockPromotion(tx: Db, id: string): Promise<PromotionRow> {
  return tx
    .selectFrom("promotions")
    .selectAll()
    .where("id", "=", id)
    .forUpdate()
    .executeTakeFirstOrThrow();
}

/** Its promotion waits for it still, nobody has answered, and it is not too late by the database's clock. */
async function requireOpen(tx: Db, id: string, promotion: PromotionRow): Promise<CheckRequestRow> {
  const request = await lockRequest(tx, id);
  if (!request) throw new TidelockError("not-found", "the request is gone", { where: id });
  const where = { fault: "operator", where: `check ${request.check} of ${promotion.id}` } as const;
  if (request.answer !== null) throw answeredAlready(request);
  if (promotion.state !== "running" || promotion.ending || promotion.desired === "aborted") {
    const state = promotion.state === "running" ? "ending" : promotion.state;
    throw new TidelockError("conflict", `the promotion waits for nobody any more: it is ${state}`, {
      ...where,
    });
  }
  const run = await tx
    .selectFrom("check_runs")
    .select("report")
    .where("id", "=", request.run)
    .executeTakeFirst();
  const late = await tx
    .selectFrom("check_requests")
    .select((select) => select("answer_until", "<=", dbNow).as("late"))
    .where("id", "=", id)
    .executeTakeFirst();
  if (run?.report || late?.late) {
    const until = request.answer_until.toISOString();
    throw new TidelockError("conflict", `it is too late: an answer was awaited until ${until}`, {
      ...where,
      hint: "promote again, and answer within the time",
    });
  }
  return request;
}

/** The step that waits looks again at once, whichever server it belongs to. */
async function wakeUp(engine: Engine, tx: Db, promotion: PromotionRow): Promise<void> {
  await tx
    .updateTable("promotions")
    .set({ wake_at: null })
    .where("id", "=", promotion.id)
    .execute();
  await engine.wake(tx, promotion);
}

/** What is signed cannot be blanked later, so it must hold no secret from the start (law 11). */
async function refuseSecrets(
  engine: Engine,
  request: CheckRequestRow,
  bytes: Uint8Array,
): Promise<void> {
  const lane = { service: request.service, environment: request.environment };
  const configuration = await configurationByDigest(engine.db, lane, request.configuration);
  if (!configuration) return;
  const secrets = await secretValues(engine, lane, configuration.content);
  const payload = readSignedPayload(bytes);
  const text = payload.ok ? Buffer.from(payload.value).toString() : "";
  if (redactor(secrets).clean(text) === text) return;
  refuseAnswer(request, "it holds the value of a secret of this environment; write it without");
}
