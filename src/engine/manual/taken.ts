import { readPublicKey } from "../../evidence/keys.ts";
import { verifyAnswer } from "../../evidence/predicates/manual-answer.ts";
import { TidelockError } from "../../model/errors.ts";
import type { PersonsAnswer } from "../../ports/check.ts";
import { personKeysProjection } from "../../store/projections/access.ts";
import { checkRequestsProjection } from "../../store/projections/manual.ts";
import { readAttestation } from "../../store/queries/attestations.ts";
import { requestOfRun } from "../../store/queries/check-requests.ts";
import { keyById } from "../../store/queries/grants.ts";
import type { CheckRequestRow } from "../../store/schema-manual.ts";
import { attestationBytes } from "../attest-material.ts";
import type { Engine } from "../engine.ts";
import { groundsOf, lastingDifference } from "../ledger/leaning.ts";
import { askedOf } from "./asked.ts";

/**
 * The answer to a run, verified anew from its signed bytes before anything is made of it; null when nobody answered.
 *
 * @throws TidelockError `denied` when request or key are not what the ledger says, `digest-mismatch` when the bytes
 *   are not the ones that were signed
 */
export async function takeAnswer(engine: Engine, run: string): Promise<PersonsAnswer | null> {
  const request = await requestOfRun(engine.db, run);
  if (!request?.answer || !request.person || !request.key_id) return null;
  // What was said is to the request that was answered first.
  const first = request.reuses === null ? request : await readRequest(engine, request.reuses);
  await requireByRecord(engine, run, request.key_id);
  const key = await keyById(engine.db, request.key_id);
  const row = await readAttestation(engine.db, request.release, request.answer);
  const known = key && readPublicKey(key.public_key);
  if (!row || !known?.ok) {
    throw new TidelockError("digest-mismatch", "the signed answer, or its key, is not here", {
      where: request.id,
    });
  }
  const bytes = await attestationBytes(engine, row);
  const asked = askedOf(first, request.person);
  const verified = verifyAnswer(bytes, [known.value], { asked, form: request.form });
  if (!verified.ok) {
    throw new TidelockError("digest-mismatch", verified.problem, { where: request.answer });
  }
  return {
    answers: verified.value.answer.answers,
    person: request.person,
    digest: request.answer,
    answeredAt: (request.answered_at ?? new Date(0)).toISOString(),
    validUntil: (request.valid_until ?? new Date(0)).toISOString(),
    tookMs: took(first),
    reusedFrom: request.reuses === null ? null : first.promotion,
    separation: request.separation ?? "nothing is known",
  };
}

function took({ begun_at: begun, answered_at: answered }: CheckRequestRow): number | null {
  return begun && answered ? answered.getTime() - begun.getTime() : null;
}

async function readRequest(engine: Engine, id: string): Promise<CheckRequestRow> {
  const row = await engine.db
    .selectFrom("check_requests")
    .selectAll()
    .where("id", "=", id)
    .executeTakeFirst();
  if (row) return row;
  throw new TidelockError("digest-mismatch", "the request that was answered first is not here", {
    where: id,
  });
}

/** Request and key are what the signed log says they are. */
async function requireByRecord(engine: Engine, run: string, key: string): Promise<void> {
  const difference = await lastingDifference(engine.log, engine.db, async () => {
    const request = await requestOfRun(engine.db, run);
    const row = await keyById(engine.db, key);
    return [
      ...groundsOf(checkRequestsProjection, request ? [request] : []),
      ...groundsOf(personKeysProjection, row ? [row] : []),
    ];
  });
  if (!difference) return;
  throw new TidelockError(
    "denied",
    `the database was changed behind the ledger: ${difference.message}`,
    { fault: "operator", where: run, hint: "see `tidelock ledger verify --state`" },
  );
}
