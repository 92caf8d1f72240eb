import { randomBytes } from "node:crypto";
import { sql } from "kysely";
import type { ReviewView } from "../../../api/routes/reviews.ts";
import { digestBytes, encodeBase64, utf8 } from "../../../evidence/bytes.ts";
import { readAccessReview, reportDigest } from "../../../evidence/predicates/access-review.ts";
import { openLines } from "../../../identity/recertification/rules.ts";
import {
  type ReviewDecision,
  ReviewLine,
  type ReviewOutcome,
} from "../../../model/access-review.ts";
import { canonicalJson } from "../../../model/canonical.ts";
import type { Actor } from "../../../ports/control-plane.ts";
import type { ReviewControl } from "../../../ports/review-control.ts";
import { personKeysProjection, grantsProjection } from "../../../store/projections/access.ts";
import { accessReviewsProjection } from "../../../store/projections/access-reviews.ts";
import { roleAssignmentsProjection } from "../../../store/projections/roles.ts";
import {
  closeReview,
  insertReview,
  insertReviewWord,
  listReviews,
  lockReview,
  noteOverdue,
  overdueReviews,
  dropOldUses,
  readReview,
  wordsOf,
} from "../../../store/queries/access-reviews.ts";
import { databaseTime } from "../../../store/queries/attestations.ts";
import { announce } from "../../../store/queries/events.ts";
import { keysOf, namesOf } from "../../../store/queries/grants.ts";
import { readTree } from "../../../store/queries/ledger-tree.ts";
import type { AccessReviewRow } from "../../../store/schema-reviews.ts";
import type { Db } from "../../../store/schema.ts";
import type { Engine } from "../../engine.ts";
import { groundsOf } from "../../ledger/leaning.ts";
import { requireWritable } from "../../ledger/writable.ts";
import { lockPolicy } from "../../policy/lock.ts";
import { removeLine } from "./removals.ts";
import { reviewLines } from "./lines.ts";
import { notThis, requireMay, rightsOf, rolesOf } from "./reviewers.ts";
import { takeWord } from "./take-word.ts";
import { gatherEnrolments } from "../people/enrolment.ts";
import { groundsOfEnrolments } from "../people/held.ts";
import { refused, requireByRecord } from "../people/two-people.ts";

/** Reviews of who can do what, each line signed by somebody else than whose it is. */

const maxEnvelopeBytes = 2 * 1024 * 1024;

export function makeReviewControl(engine: Engine): ReviewControl {
  return {
    start: (actor, wish) => startReview(engine, actor, wish),
    list: async (page) =>
      Promise.all((await listReviews(engine.db, page)).map((row) => reviewView(engine.db, row))),
    show: async (id) => reviewView(engine.db, await requireReview(engine.db, id)),
    sign: (actor, id, envelope) => signReview(engine, actor, id, envelope),
  };
}

/** Freezes who can do what now. Lines that come later are the next review's. */
async function startReview(
  engine: Engine,
  actor: Actor,
  { service, due }: Parameters<ReviewControl["start"]>[1],
): Promise<ReviewView> {
  await requireWritable(engine.db, "a review is an entry of the ledger");
  const row = await engine.db.transaction().execute(async (tx) => {
    await lockPolicy(tx);
    const now = await databaseTime(tx);
    if (Date.parse(due) <= Date.parse(now)) {
      throw refused("invalid-input", `${due} is past`, "--due", "give a day to come");
    }
    // What others are giving right now stands in the log either before the review, and is a line of it, or behind it.
    await sql`lock table role_assignments, api_tokens, grants, person_keys in share mode`.execute(
      tx,
    );
    const lines = await reviewLines(tx, service);
    if (lines.length === 0) throw refused("conflict", "nobody has anything to review", "review");
    const row = await insertReview(tx, {
      id: `v${randomBytes(5).toString("hex")}`,
      service,
      due_at: due,
      report: canonicalJson(lines),
      report_digest: reportDigest(lines),
      started_by: actor.id,
    });
    const of = service === null ? "every service" : service;
    await announce(tx, {
      kind: "access.review-started",
      ...(service === null ? {} : { service }),
      message: `${actor.id} began a review of who can do what in ${of} (${row.id}): ${lines.length} lines, until ${due}`,
    });
    return row;
  });
  engine.signals.emit("change");
  return reviewView(engine.db, row);
}

/**
 * Takes a reviewer's signed word on lines of exactly this report; what it removes is taken away in the same transaction,
 * or said not to be, with the reason.
 *
 * @throws TidelockError `not-found`, `invalid-input` (not a word on this report), `forbidden` (own lines, or none of the
 *   reviewer's), `conflict` (done, or a line that somebody has reviewed), `denied` (the database is not what the ledger
 *   says)
 */
async function signReview(
  engine: Engine,
  actor: Actor,
  id: string,
  bytes: Uint8Array,
): Promise<ReviewView> {
  const { db } = engine;
  await requireWritable(db, "a review is an entry of the ledger");
  const found = await requireReview(db, id);
  if (bytes.length > maxEnvelopeBytes) throw notThis("it is too long", id);
  const read = readAccessReview(bytes);
  if (!read.ok) throw notThis(read.problem, id);
  const { person } = read.value;
  await requireByRecord(engine, async () => [
    ...groundsOf(accessReviewsProjection, [await requireReview(db, id)]),
    ...groundsOf(personKeysProjection, await keysOf(db, person)),
    ...groundsOf(grantsProjection, await rightsOf(db, person)),
    ...groundsOf(roleAssignmentsProjection, await rolesOf(db, person)),
    ...groundsOfEnrolments([await gatherEnrolments(db, [person])]),
  ]);
  const lines = linesOf(found);
  await db.transaction().execute(async (tx) => {
    await lockPolicy(tx);
    const row = await lockReview(tx, id);
    if (!row) throw refused("not-found", "the review is gone", id);
    if (row.closed_at !== null) throw refused("conflict", "this review is done", id);
    const taken = await takeWord(tx, { person, bytes, lines, id });
    const { of } = taken.said;
    const { origin } = await readTree(tx);
    if (of.review !== id || of.ledger !== origin) throw notThis("it is about another review", id);
    const before = (await wordsOf(tx, id)).flatMap(({ decisions }) => decisions);
    const { keyId: key } = taken;
    await requireMay(tx, { person, key, decisions: of.decisions, lines, before, id });
    const outcomes: ReviewOutcome[] = [];
    for (const decision of of.decisions) outcomes.push(await carryOut(tx, actor, decision));
    const word = await insertReviewWord(tx, {
      id: taken.id,
      review: id,
      person,
      key_id: taken.keyId,
      decisions: JSON.stringify(outcomes),
      envelope: encodeBase64(bytes),
      added_by: actor.id,
    });
    if (!word) throw refused("conflict", "this very word was handed in before", id);
    const open = openLines(lines, [...before, ...of.decisions]);
    if (open.length === 0) await closeReview(tx, id, actor.id);
    const removed = outcomes.filter(({ done }) => done === true).length;
    await announce(tx, {
      kind: open.length === 0 ? "access.review-closed" : "access.reviewed",
      ...(row.service === null ? {} : { service: row.service }),
      message: `${outcomes.length} lines of ${id} were reviewed, ${removed} taken away, ${open.length} are open`,
    });
  });
  engine.signals.emit("change");
  return reviewView(db, await requireReview(db, id));
}

async function carryOut(tx: Db, actor: Actor, decision: ReviewDecision): Promise<ReviewOutcome> {
  if (decision.answer === "keep") return { ...decision, done: null, why: null };
  const why = await removeLine(tx, decision.line, actor.id);
  return { ...decision, done: why === null, why };
}

async function requireReview(db: Db, id: string): Promise<AccessReviewRow> {
  const row = await readReview(db, id);
  if (row) return row;
  throw refused("not-found", "there is no such review", id, "tidelock access review list");
}

/** As they were frozen, and only while they are those of the digest that the log names. */
export function linesOf(row: Pick<AccessReviewRow, "id" | "report" | "report_digest">) {
  if (digestBytes(utf8(row.report)) !== row.report_digest) {
    throw refused("conflict", "the report was changed since it was frozen", row.id);
  }
  return ReviewLine.array().parse(JSON.parse(row.report));
}

export async function reviewView(db: Db, row: AccessReviewRow): Promise<ReviewView> {
  const [words, { origin }, now] = await Promise.all([
    wordsOf(db, row.id),
    readTree(db),
    databaseTime(db),
  ]);
  const lines = linesOf(row);
  const names = new Map<string, string | null>();
  const people = [...lines.map(({ person }) => person), ...words.map(({ person }) => person)];
  for (const person of new Set(people)) {
    if (person !== null) names.set(person, (await namesOf(db, person)).names[0] ?? null);
  }
  const said = new Map(
    words.flatMap((word) =>
      word.decisions.map((decision) => [decision.line, { ...decision, word }] as const),
    ),
  );
  const open = lines.filter(({ id }) => !said.has(id)).length;
  const overdue = row.closed_at === null && row.due_at.getTime() < Date.parse(now);
  return {
    id: row.id,
    service: row.service,
    ledger: origin,
    report: row.report_digest,
    startedAt: row.started_at.toISOString(),
    startedBy: row.started_by,
    dueAt: row.due_at.toISOString(),
    closedAt: row.closed_at?.toISOString() ?? null,
    state: row.closed_at !== null ? "done" : overdue ? "overdue" : "open",
    open,
    lines: lines.map((line) => {
      const word = said.get(line.id);
      return {
        line,
        name: line.person === null ? null : (names.get(line.person) ?? null),
        word: word
          ? {
              answer: word.answer,
              reason: word.reason,
              done: word.done,
              why: word.why,
              by: { person: word.word.person, name: names.get(word.word.person) ?? null },
              at: word.word.added_at.toISOString(),
            }
          : null,
      };
    }),
    signed: words.map(({ id, person, key_id, envelope, added_at }) => ({
      id,
      person,
      key: key_id,
      at: added_at.toISOString(),
      envelope,
    })),
  };
}

/** Says once of each review that its day has come, and forgets uses that are too old to be asked for. */
export async function lookAtReviews(engine: Engine): Promise<void> {
  const { db } = engine;
  for (const { id, service, due_at } of await overdueReviews(db, { fresh: true })) {
    await db.transaction().execute(async (tx) => {
      if (!(await noteOverdue(tx, id))) return;
      await announce(tx, {
        kind: "access.review-overdue",
        ...(service === null ? {} : { service }),
        message: `the review ${id} of who can do what was to be done by ${due_at.toISOString()}`,
      });
    });
    engine.signals.emit("change");
  }
  await dropOldUses(db);
}
