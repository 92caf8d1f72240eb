import { answerOf } from "../../evidence/predicates/manual-answer.ts";
import { personKeysOf } from "../../identity/signing/person-keys.ts";
import { verifySigned } from "../../identity/signing/signed.ts";
import { TidelockError } from "../../model/errors.ts";
import type { Digest } from "../../model/primitives.ts";
import type { PersonsAnswer } from "../../ports/check.ts";
import { personKeysProjection } from "../../store/projections/access.ts";
import { checkRequestsProjection } from "../../store/projections/manual.ts";
import { readAttestation } from "../../store/queries/attestations.ts";
import { requestOfRun } from "../../store/queries/check-requests.ts";
import { keyById } from "../../store/queries/grants.ts";
import type { CheckRequestRow, PersonKeyRow } from "../../store/schema-manual.ts";
import type { Db } from "../../store/schema.ts";
import { attestationBytes } from "../attestations/attest-material.ts";
import type { Engine } from "../engine.ts";
import { groundsOf, lastingDifference } from "../ledger/leaning.ts";
import { askedOf } from "./asked.ts";
import { groundsOfStanding, standingOf } from "./right.ts";
import { groundsOfSigner, signerAgainst } from "./signer.ts";

/**
 * The answer to a run, verified anew from its signed bytes before anything is made of it; null when nobody answered.
 *
 * @throws TidelockError `denied` when the rows are not what the ledger says, or whoever gave an answer that is used
 *   again could not give it now; `digest-mismatch` when the bytes are not the ones that were signed
 */
export async function takeAnswer(engine: Engine, run: string): Promise<PersonsAnswer | null> {
  const held = await heldByRecord(engine, run);
  if (held === null) return null;
  const { request, first, key, person, answer } = held;
  if (first !== request) await requireReusable(engine, held);
  const row = await readAttestation(engine.db, request.release, answer);
  if (!row || !key) {
    throw new TidelockError("digest-mismatch", "the signed answer, or its key, is not here", {
      where: request.id,
    });
  }
  const bytes = await attestationBytes(engine, row);
  const asked = askedOf(first, person);
  const verified = verifySigned(bytes, personKeysOf([key]), (payload) =>
    answerOf(payload, { asked, form: request.form }),
  );
  if (!verified.ok) {
    throw new TidelockError("digest-mismatch", verified.problem, { where: answer });
  }
  return {
    answers: verified.value.said.answers,
    person,
    digest: answer,
    answeredAt: (request.answered_at ?? new Date(0)).toISOString(),
    validUntil: (request.valid_until ?? new Date(0)).toISOString(),
    tookMs: took(first),
    reusedFrom: request.reuses === null ? null : first.promotion,
    separation: request.separation ?? "nothing is known",
  };
}

/** Rows that were held against the log: nothing else of the database is made use of. */
interface Held {
  readonly request: CheckRequestRow;
  /** What was said is to the request that was answered first. */
  readonly first: CheckRequestRow;
  readonly key: PersonKeyRow | undefined;
  readonly person: string;
  readonly answer: Digest;
}

/** All that an earlier answer has to have in common with the request for which it is used again. */
const same = [
  ...(["answer", "person", "key_id", "answered_at", "valid_until", "begun_at"] as const),
  ...(["check", "role", "service", "environment", "colour", "release"] as const),
  ...(["configuration", "ledger", "form_digest"] as const),
];

/**
 * What was written down when an answer was used again came from the database: it is the earlier one, field by field,
 * and its author could give it again now.
 */
async function requireReusable(
  engine: Engine,
  { request, first, key, person }: Held,
): Promise<void> {
  const other = same.find(
    (field) => JSON.stringify(request[field]) !== JSON.stringify(first[field]),
  );
  if (other !== undefined || first.reuses !== null) {
    const what = other ?? "reuses";
    throw changed(request.run, `check_requests: ${what} of ${request.id} is not ${first.id}'s`);
  }
  const { against } = await standingOf(engine.db, person, request);
  const gone = key?.removed_at === null ? null : "the key was taken away";
  const signer = { person, key: key?.key_id ?? null };
  const why = against ?? gone ?? (await signerAgainst(engine.db, request, signer));
  if (why === null) return;
  throw new TidelockError("denied", `the earlier answer counts no more: ${why}`, {
    fault: "operator",
    where: request.run,
    hint: "promote again: people are asked anew",
  });
}

function took({ begun_at: begun, answered_at: answered }: CheckRequestRow): number | null {
  return begun && answered ? answered.getTime() - begun.getTime() : null;
}

async function readRequest(db: Db, id: string): Promise<CheckRequestRow> {
  const row = await db
    .selectFrom("check_requests")
    .selectAll()
    .where("id", "=", id)
    .executeTakeFirst();
  if (row) return row;
  throw new TidelockError("digest-mismatch", "the request that was answered first is not here", {
    where: id,
  });
}

/** Request and key are what the signed log says they are; for an earlier answer also its request, rights and names. */
async function heldByRecord(engine: Engine, run: string): Promise<Held | null> {
  const looks: (Held | null)[] = [];
  const difference = await lastingDifference(engine.log, engine.db, async () => {
    const held = await readHeld(engine.db, run);
    looks.push(held);
    return held === null ? [] : groundsOfHeld(engine.db, held);
  });
  if (difference) throw changed(run, difference.message);
  return looks.at(-1) ?? null;
}

async function readHeld(db: Db, run: string): Promise<Held | null> {
  const request = await requestOfRun(db, run);
  if (!request?.answer || !request.person || !request.key_id) return null;
  const { person, answer } = request;
  const first = request.reuses === null ? request : await readRequest(db, request.reuses);
  return { request, first, key: await keyById(db, request.key_id), person, answer };
}

async function groundsOfHeld(db: Db, { request, first, key, person }: Held) {
  return [
    ...groundsOf(checkRequestsProjection, first === request ? [request] : [request, first]),
    ...groundsOf(personKeysProjection, key ? [key] : []),
    ...(first === request ? [] : await groundsOfStanding(db, person, request)),
    ...(first === request
      ? []
      : await groundsOfSigner(db, request, { person, key: key?.key_id ?? null })),
  ];
}

function changed(where: string, message: string): TidelockError {
  return new TidelockError("denied", `the database was changed behind the ledger: ${message}`, {
    fault: "operator",
    where,
    hint: "see `tidelock ledger verify --state`",
  });
}
