import { bad, type Result } from "../../evidence/result.ts";
import { notAnother } from "../../identity/break-glass/standing.ts";
import { glassOf, glassPredicate, readGlass } from "../../identity/break-glass/statement.ts";
import {
  type BreakGlassId,
  fromBreakGlassId,
  type GlassAnswer,
  type GlassReview,
  soloReviewAfterMs,
} from "../../model/break-glass.ts";
import { personKeysProjection } from "../../store/projections/access.ts";
import { breakGlassProjection } from "../../store/projections/break-glass.ts";
import { databaseTime } from "../../store/queries/attestations.ts";
import { endGlass, lockGlass, readGlassRow, signGlass } from "../../store/queries/break-glass.ts";
import { announce } from "../../store/queries/events.ts";
import { keysOf } from "../../store/queries/grants.ts";
import { wakeWaiting } from "../../store/queries/promotions.ts";
import type { BreakGlassRow, GlassSignature } from "../../store/schema-break-glass.ts";
import { laneKey } from "../../model/primitives.ts";
import type { Db } from "../../store/schema.ts";
import { refused, requireAnother, requireByRecord } from "../access/people/two-people.ts";
import { type ApproverStanding, hintToWait } from "../approvals/standing.ts";
import type { Engine } from "../engine.ts";
import { groundsOf } from "../ledger/leaning.ts";
import { requireWritable } from "../ledger/writable.ts";
import { governanceMode } from "../policy/governance.ts";
import { keepSigned, takeSigned, type ToTake } from "../signing/take-signed.ts";
import { breakGlassPolicy, givenGlass, glassStandingOf } from "./gather.ts";

const maxBytes = 2 * 1024 * 1024;

/**
 * Takes a person's signature under a request, or somebody's review of it, all of it or nothing. A signature that would not
 * count is refused at once, with the reason.
 *
 * @throws TidelockError `not-found`, `invalid-input` (not about exactly this), `forbidden` (no right, the same person, or
 *   somebody who answers for the other one), `conflict` (over, or signed before), `denied` (the database was changed)
 */
export async function signBreakGlass(
  engine: Engine,
  id: BreakGlassId,
  bytes: Uint8Array,
  purpose: GlassAnswer["purpose"],
): Promise<BreakGlassRow> {
  await requireWritable(engine.db, "a signature is an entry of the ledger");
  const found = await existingGlass(engine.db, id);
  const person = whoSays(bytes, id);
  await requireByRecord(engine, async () => [
    ...groundsOf(breakGlassProjection, [await existingGlass(engine.db, id)]),
    ...groundsOf(personKeysProjection, await keysOf(engine.db, person)),
  ]);
  const row = await engine.db.transaction().execute(async (tx) => {
    const glass = await lockGlass(tx, found.id);
    if (!glass) throw refused("not-found", "it is gone", id);
    if (glass.ended_at !== null) throw refused("conflict", `${id} is over: ${glass.why ?? ""}`, id);
    const taking = { engine, tx, glass, person, bytes };
    return purpose === "review" ? takeReview(taking) : takeSignature(taking);
  });
  engine.signals.emit("change");
  engine.signals.emit("lane", { service: row.service, environment: row.environment });
  return row;
}

/** Throws `not-found`. */
export async function existingGlass(db: Db, id: BreakGlassId): Promise<BreakGlassRow> {
  const row = await readGlassRow(db, fromBreakGlassId(id));
  if (row) return row;
  throw refused("not-found", `there is no ${id}`, id, "see them: tidelock break-glass list");
}

interface Taking {
  readonly engine: Engine;
  readonly tx: Db;
  readonly glass: BreakGlassRow;
  readonly person: string;
  readonly bytes: Uint8Array;
}

async function takeSignature(taking: Taking): Promise<BreakGlassRow> {
  const { engine, tx, glass, person } = taking;
  const { glass: id, expires, service, environment } = glass.asked;
  if (glass.used_by !== null) throw refused("conflict", `${id} was used by ${glass.used_by}`, id);
  const at = await databaseTime(tx);
  if (!(Date.parse(at) < Date.parse(expires))) throw refused("conflict", `${id} has expired`, id);
  const { allowed } = await breakGlassPolicy(tx, environment);
  if (allowed === "none") throw refused("forbidden", `${environment} allows none`, id);
  const mode = await governanceMode(tx);
  if (glass.signatures.some((one) => one.person === person)) {
    throw refused("conflict", "this person has signed it; another one has to", id);
  }
  if (glass.signatures.length >= 2) throw refused("conflict", "two people have signed it", id);
  const { signature } = await verified(taking, "break-glass", at);
  const now = new Date(at);
  const mine = await glassStandingOf(tx, glass.asked, signature, "break-glass", now);
  const why = await whyNotSign(taking, mine, now);
  if (why !== null) {
    const hint = mine.against === null ? "somebody else has to be the second one" : undefined;
    throw refused("forbidden", why, id, hint ?? hintToWait(mine) ?? grantHint("break-glass"));
  }
  const row = await signGlass(tx, glass, signature);
  const force = mode === "solo" || row.signatures.length >= 2;
  await announce(tx, {
    kind: "break-glass.signed",
    service,
    environment,
    message: `${id} ${force ? `is IN FORCE until ${expires}: one promotion of ${glass.asked.version} may pass without ${glass.basis.asides.map(({ of }) => of).join(", ")}${mode === "solo" && row.signatures.length < 2 ? " (solo mode: nobody else looked)" : ""}` : "was signed by one person, and waits for another"}`,
  });
  await wakeWaiting(tx, { service, environment });
  await engine.wake(tx, row);
  return row;
}

type Standing = Pick<ApproverStanding, "also" | "against" | "enrolments">;
type Site = Pick<Taking, "engine" | "tx" | "glass" | "person">;

/** Why somebody is not the one to sign it: their right or key, or they are one with whoever signed it; null: they are. */
export async function whyNotSign(
  { engine, tx, glass, person }: Site,
  standing: Standing,
  now: Date,
): Promise<string | null> {
  const before = glass.signatures.map((one) => one.person).filter((one) => one !== person);
  const same = await sameAs(tx, person, before, glass.asked.glass);
  if (same !== null) return same;
  if (standing.against !== null) return standing.against;
  const others = await Promise.all(
    glass.signatures.map((one) => givenGlass(engine, tx, glass, one, now)),
  );
  return notAnother({ person, ...standing }, others, await governanceMode(tx));
}

/** Whom of these somebody is, under another name, in a sentence; null: nobody. */
async function sameAs(
  db: Db,
  person: string,
  others: readonly string[],
  where: string,
): Promise<string | null> {
  return requireAnother(db, person, others, where).then(
    () => null,
    (error: Error) => error.message,
  );
}

async function takeReview(taking: Taking): Promise<BreakGlassRow> {
  const { engine, tx, glass, person } = taking;
  const { glass: id, service, environment } = glass.asked;
  const { used_by: promotion, used_at: usedAt } = glass;
  if (promotion === null || usedAt === null) {
    throw refused("conflict", `nobody went through ${id}: there is nothing to review`, id);
  }
  const at = await databaseTime(tx);
  const { signature, answer } = await verified(taking, "review", at);
  if (answer.purpose !== "review" || answer.promotion !== promotion) {
    throw refused("invalid-input", `it is a review of another promotion than ${promotion}`, id);
  }
  const standing = await glassStandingOf(tx, glass.asked, signature, "review", new Date(at));
  if (standing.against !== null) {
    throw refused("forbidden", standing.against, id, hintToWait(standing) ?? grantHint("review"));
  }
  const alone = await isAlone(taking, { person, ...standing }, { at, usedAt });
  const review = { ...signature, alone, ...wordsOf(answer) };
  const why = `reviewed: ${answer.outcome}${alone ? ", by one of those who broke it (solo mode: no second person)" : ""}`;
  const row = await endGlass(tx, glass.id, { why, review });
  if (!row) throw refused("conflict", `${id} was reviewed before`, id);
  await announce(tx, {
    kind: "break-glass.reviewed",
    service,
    environment,
    promotion,
    message: `${id} was ${why}`,
  });
  await wakeWaiting(tx, { service, environment });
  await engine.wake(tx, row);
  return row;
}

function wordsOf({ outcome, words, findings }: GlassReview) {
  return { outcome, words, findings };
}

/**
 * Whether it is one of those who broke it. In `team` nobody reviews what they did themselves, nor what somebody did whom
 * they brought here; in `solo`, where there may be nobody else, it takes twelve hours, and is said.
 */
export async function isAlone(
  { engine, tx, glass }: Site,
  reviewer: Parameters<typeof notAnother>[0],
  { at, usedAt }: { readonly at: string; readonly usedAt: Date },
): Promise<boolean> {
  const { glass: id } = glass.asked;
  const mode = await governanceMode(tx);
  const broke = await Promise.all(
    glass.signatures.map((one) => givenGlass(engine, tx, glass, one, new Date(at))),
  );
  const own =
    notAnother(reviewer, broke, mode) ??
    (await sameAs(
      tx,
      reviewer.person,
      broke.map(({ person }) => person),
      id,
    ));
  if (own === null) return false;
  const hint = "somebody reviews it who did not break it";
  if (mode === "team")
    throw refused("forbidden", `nobody reviews what they broke: ${own}`, id, hint);
  const from = usedAt.getTime() + soloReviewAfterMs;
  if (Date.parse(at) >= from) return true;
  throw refused(
    "forbidden",
    `whoever broke it may review it alone from ${new Date(from).toISOString()} on (solo mode)`,
    id,
    hint,
  );
}

async function verified(
  { tx, glass, person, bytes }: Taking,
  purpose: GlassAnswer["purpose"],
  at: string,
) {
  const { asked, basis } = glass;
  const to: ToTake<GlassAnswer> = {
    person,
    bytes,
    states: glassPredicate.type,
    says: (payload) => ofPurpose(glassOf(payload, { asked, basis, person }), purpose),
    what: `signature under ${asked.glass}`,
    where: asked.glass,
    again: `look at it, and sign that: tidelock break-glass show ${asked.glass}`,
    stream: laneKey(glass),
  };
  const { said: answer, ...taken } = await takeSigned(tx, to);
  await keepSigned(tx, asked.release, to, taken);
  const { id, keyId: key, method } = taken;
  const signature: GlassSignature = { id, person, key, method, at };
  return { signature, answer };
}

/** Whoever breaks it has not reviewed it, and the other way round. */
function ofPurpose(
  read: Result<GlassAnswer>,
  purpose: GlassAnswer["purpose"],
): Result<GlassAnswer> {
  if (!read.ok || read.value.purpose === purpose) return read;
  return bad(`it was signed as ${read.value.purpose}`);
}

function whoSays(bytes: Uint8Array, id: string): string {
  if (bytes.length > maxBytes) {
    const message = `it has ${bytes.length} bytes; at most ${maxBytes} are taken`;
    throw refused("invalid-input", message, id);
  }
  const read = readGlass(bytes);
  if (read.ok) return read.value.answer.person;
  throw refused("invalid-input", `this is no signature under ${id}: ${read.problem}`, id);
}

function grantHint(purpose: GlassAnswer["purpose"]): string {
  return `to give the right: tidelock person grant <name> --${purpose === "review" ? "review-glass" : "break-glass"}`;
}
