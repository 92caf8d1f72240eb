import { type Insertable, sql } from "kysely";
import type { Page } from "../../model/principal.ts";
import type { Digest } from "../../model/primitives.ts";
import { checkRequestsProjection } from "../projections/manual.ts";
import { recordRows } from "../projections/projection.ts";
import type { CheckRequestRow } from "../schema-manual.ts";
import type { Db, Schema } from "../schema.ts";
import { dbNow, dbNowPlus } from "./promotions.ts";
import { seen } from "./page.ts";

/** What people are asked, and what they answered. Each change is a row and its entry. */

type NewRequest = Omit<Insertable<Schema["check_requests"]>, "answer_until">;

/** Asks once a run; answers the row, whoever made it. */
export async function askOnce(
  tx: Db,
  request: NewRequest,
  withinMs: number,
): Promise<CheckRequestRow> {
  const row = await tx
    .insertInto("check_requests")
    .values({ ...request, answer_until: dbNowPlus(withinMs) as never })
    .onConflict((conflict) => conflict.column("run").doNothing())
    .returningAll()
    .executeTakeFirst();
  if (row) {
    await recordRows(tx, checkRequestsProjection, [row]);
    return row;
  }
  return tx
    .selectFrom("check_requests")
    .selectAll()
    .where("run", "=", request.run)
    .executeTakeFirstOrThrow();
}

export async function requestOfRun(db: Db, run: string): Promise<CheckRequestRow | undefined> {
  return db.selectFrom("check_requests").selectAll().where("run", "=", run).executeTakeFirst();
}

/** By its id, its run, or the beginning of its id. */
export async function findRequests(db: Db, reference: string): Promise<readonly CheckRequestRow[]> {
  return db
    .selectFrom("check_requests")
    .selectAll()
    .where((where) =>
      where.or([
        where("id", "=", reference),
        where("run", "=", reference),
        ...(/^[0-9a-f]{6,32}$/.test(reference) ? [where("id", "like", `${reference}%`)] : []),
      ]),
    )
    .limit(2)
    .execute();
}

export async function lockRequest(tx: Db, id: string): Promise<CheckRequestRow | undefined> {
  return tx
    .selectFrom("check_requests")
    .selectAll()
    .where("id", "=", id)
    .forUpdate()
    .executeTakeFirst();
}

/** Null when it has begun already. */
export async function beginRequest(
  tx: Db,
  id: string,
  actor: string,
): Promise<CheckRequestRow | null> {
  const row = await tx
    .updateTable("check_requests")
    .set({ begun_at: dbNow, changes: sql<number>`changes + 1` })
    .where("id", "=", id)
    .where("begun_at", "is", null)
    .where("answer", "is", null)
    .returningAll()
    .executeTakeFirst();
  if (!row) return null;
  await recordRows(tx, checkRequestsProjection, [row], { kind: "check.begun", actor });
  return row;
}

export interface GivenAnswer {
  readonly answer: Digest;
  readonly person: string;
  readonly key_id: Digest;
  readonly separation: string;
}

/** The first answer stands: null when there is one. */
export async function answerRequest(
  tx: Db,
  id: string,
  given: GivenAnswer,
  validForMs: number,
): Promise<CheckRequestRow | null> {
  const row = await tx
    .updateTable("check_requests")
    .set({
      ...given,
      answered_at: dbNow,
      valid_until: dbNowPlus(validForMs) as never,
      changes: sql<number>`changes + 1`,
    })
    .where("id", "=", id)
    .where("answer", "is", null)
    .returningAll()
    .executeTakeFirst();
  if (!row) return null;
  await recordRows(tx, checkRequestsProjection, [row], { kind: "check.answered" });
  return row;
}

/** The same answer once more: it expires when it would have, and names the request that it was given to. */
export async function reuseAnswer(
  tx: Db,
  id: string,
  from: CheckRequestRow,
  separation: string,
): Promise<CheckRequestRow | null> {
  const row = await tx
    .updateTable("check_requests")
    .set({
      answer: from.answer,
      person: from.person,
      key_id: from.key_id,
      separation,
      begun_at: from.begun_at,
      answered_at: from.answered_at,
      valid_until: from.valid_until,
      reuses: from.id,
      changes: sql<number>`changes + 1`,
    })
    .where("id", "=", id)
    .where("answer", "is", null)
    .returningAll()
    .executeTakeFirst();
  if (!row) return null;
  await recordRows(tx, checkRequestsProjection, [row], { kind: "check.answered" });
  return row;
}

/**
 * Answers about exactly the same that passed and still count, newest first. None after which somebody has answered the
 * same questions about this release here otherwise, on whichever colour: then people are asked anew.
 *
 * @param opening verdicts that let a promotion go on: one that ended a promotion would end every later one, too
 */
export async function reusableAnswers(
  db: Db,
  request: CheckRequestRow,
  opening: readonly ("pass" | "warn")[],
): Promise<readonly CheckRequestRow[]> {
  const { rows } = await sql<CheckRequestRow>`
    select r.* from check_requests r join check_runs c on c.id = r.run
    where r.answer is not null and r.reuses is null and r.id <> ${request.id}
      and r.service = ${request.service} and r.environment = ${request.environment}
      and r.colour is not distinct from ${request.colour}
      and r.release = ${request.release} and r.configuration = ${request.configuration}
      and r.form_digest = ${request.form_digest} and r."check" = ${request.check}
      and r.ledger = ${request.ledger}
      and r.valid_until > clock_timestamp()
      and c.report ->> 'verdict' = any(${opening})
      and not exists (
        select from check_requests l left join check_runs d on d.id = l.run
        where l.answer is not null and l.reuses is null and l.answered_at > r.answered_at
          and l.service = r.service and l.environment = r.environment and l.release = r.release
          and l.form_digest = r.form_digest
          and not coalesce(d.report ->> 'verdict', '') = any(${opening})
      )
    order by r.answered_at desc limit 5
  `.execute(db);
  return rows;
}

export interface ListedRequest extends CheckRequestRow {
  readonly version: string | null;
  readonly name: string | null;
  /** By the database's clock, when it was read. */
  readonly expired: boolean;
  /** Its promotion waits for it still. */
  readonly open: boolean;
  /** Milliseconds since a session was begun, up to its answer. */
  readonly ran_ms: number | null;
}

/** With what people want to know of each; those that wait first. */
export async function listRequests(
  db: Db,
  filter: {
    readonly open?: boolean;
    readonly promotion?: string;
    readonly id?: string;
  } & Pick<Page, "sees">,
): Promise<readonly ListedRequest[]> {
  const { rows } = await sql<ListedRequest>`
    select r.*, l.version, w.person as name, r.answer_until <= clock_timestamp() as expired,
      (extract(epoch from coalesce(r.answered_at, clock_timestamp()) - r.begun_at) * 1000)::float8
        as ran_ms,
      (p.state = 'running' and p.ending is null and p.desired = 'complete'
        and r.answer is null and c.report is null) as open
    from check_requests r
      join promotions p on p.id = r.promotion
      left join check_runs c on c.id = r.run
      left join releases l on l.id = r.release
      left join ledger_people w on w.pseudonym = r.person
    where (${filter.promotion ?? null}::text is null or r.promotion = ${filter.promotion ?? null})
      and (${filter.id ?? null}::text is null or r.id = ${filter.id ?? null})
      and (not ${filter.open ?? false} or (p.state = 'running' and p.ending is null
        and p.desired = 'complete' and r.answer is null and c.report is null))
      and ${seen(filter.sees, { service: "r.service", environment: "r.environment" })}
    order by open desc, r.asked_at desc, r.id limit 200
  `.execute(db);
  return rows;
}

/** The questions, where their digest finds them: packs take them along. */
export async function keepForm(tx: Db, digest: Digest, content: Buffer): Promise<void> {
  await tx
    .insertInto("raw_reports")
    .values({ digest, content })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Milliseconds since the session was begun, by the clock that an answer is dated with; null when it was not. */
export async function sessionRanMs(tx: Db, id: string): Promise<number | null> {
  const { rows } = await sql<{ ran: number | null }>`
    select (extract(epoch from ${dbNow} - begun_at) * 1000)::float8 as ran
    from check_requests where id = ${id}
  `.execute(tx);
  return rows[0]?.ran ?? null;
}
