import { sql } from "kysely";
import type { Page } from "../../model/principal.ts";
import type { GlassAsked, GlassBasis } from "../../model/break-glass.ts";
import type { Plan } from "../../model/plan.ts";
import type { Digest, Lane } from "../../model/primitives.ts";
import { breakGlassProjection } from "../projections/break-glass.ts";
import { recordRows } from "../projections/projection.ts";
import type { BreakGlassRow, GlassReviewed, GlassSignature } from "../schema-break-glass.ts";
import type { Db } from "../schema.ts";
import { dbNow } from "./promotions.ts";
import { readPage } from "./page.ts";

/** Glasses that people broke. Each change is a row and its entry, in the caller's transaction. */

/** The number of the next one: what is signed names it. */
export async function nextGlass(tx: Db): Promise<string> {
  const { rows } = await sql<{ id: string }>`
    select nextval(pg_get_serial_sequence('break_glass', 'id'))::text as id
  `.execute(tx);
  return rows[0]?.id ?? "";
}

export async function insertGlass(
  tx: Db,
  id: string,
  given: { readonly asked: GlassAsked; readonly basis: GlassBasis; readonly plan: Plan },
  by: string,
): Promise<BreakGlassRow> {
  const { service, environment } = given.asked;
  const row = await tx
    .insertInto("break_glass")
    .values({
      id,
      service,
      environment,
      asked: JSON.stringify(given.asked),
      basis: JSON.stringify(given.basis),
      plan: JSON.stringify(given.plan),
      opened_by: by,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  await recordRows(tx, breakGlassProjection, [row], { kind: "break-glass.opened", actor: by });
  return row;
}

export async function readGlassRow(db: Db, id: string): Promise<BreakGlassRow | undefined> {
  return db.selectFrom("break_glass").selectAll().where("id", "=", id).executeTakeFirst();
}

/** Nobody else changes it before this transaction ends. */
export async function lockGlass(tx: Db, id: string): Promise<BreakGlassRow | undefined> {
  return tx
    .selectFrom("break_glass")
    .selectAll()
    .where("id", "=", id)
    .forUpdate()
    .executeTakeFirst();
}

/** The one that counts for a plan in a lane: that this promotion went through, else the most signed, newest one. */
export async function glassFor(
  db: Db,
  { service, environment }: Lane,
  plan: Digest,
  promotion: string,
): Promise<BreakGlassRow | undefined> {
  return db
    .selectFrom("break_glass")
    .selectAll()
    .where("service", "=", service)
    .where("environment", "=", environment)
    .where("ended_at", "is", null)
    .where(sql<string>`asked ->> 'plan'`, "=", plan)
    .where((where) => where.or([where("used_by", "is", null), where("used_by", "=", promotion)]))
    .where(sql<boolean>`jsonb_array_length(signatures) > 0`)
    .orderBy(sql`used_by is not null`, "desc")
    .orderBy(sql`jsonb_array_length(signatures)`, "desc")
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
}

export async function signGlass(
  tx: Db,
  { id, signatures }: BreakGlassRow,
  signature: GlassSignature,
): Promise<BreakGlassRow> {
  const row = await tx
    .updateTable("break_glass")
    .set({
      signatures: JSON.stringify([...signatures, signature]),
      changes: sql<number>`changes + 1`,
    })
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirstOrThrow();
  await recordRows(tx, breakGlassProjection, [row], { kind: "break-glass.signed" });
  return row;
}

/** By one promotion, ever. Undefined when another one was first, or it has ended. */
export async function useGlass(
  tx: Db,
  id: string,
  promotion: string,
  reviewWithinMs: number,
): Promise<{ readonly row: BreakGlassRow; readonly first: boolean } | undefined> {
  const row = await tx
    .updateTable("break_glass")
    .set({
      used_by: promotion,
      used_at: dbNow,
      review_due: sql<Date>`clock_timestamp() + ${reviewWithinMs} * interval '1 millisecond'`,
      changes: sql<number>`changes + 1`,
    })
    .where("id", "=", id)
    .where("used_by", "is", null)
    .where("ended_at", "is", null)
    .returningAll()
    .executeTakeFirst();
  if (row) {
    await recordRows(tx, breakGlassProjection, [row], { kind: "break-glass.used" });
    return { row, first: true };
  }
  const before = await readGlassRow(tx, id);
  return before?.used_by === promotion ? { row: before, first: false } : undefined;
}

/** It is over: nobody used it, somebody took it back, or it was reviewed. Undefined when it was over before. */
export async function endGlass(
  tx: Db,
  id: string,
  how: { readonly why: string; readonly by?: string; readonly review?: GlassReviewed },
): Promise<BreakGlassRow | undefined> {
  const { why, review, by } = how;
  const row = await tx
    .updateTable("break_glass")
    .set({
      ended_at: dbNow,
      why,
      ...(review === undefined ? {} : { review: JSON.stringify(review) }),
      changes: sql<number>`changes + 1`,
    })
    .where("id", "=", id)
    .where("ended_at", "is", null)
    // One that was used ends by its review, and by nothing else.
    .where("used_by", review === undefined ? "is" : "is not", null)
    .returningAll()
    .executeTakeFirst();
  const kind = review === undefined ? "break-glass.ended" : "break-glass.reviewed";
  if (row) {
    await recordRows(tx, breakGlassProjection, [row], {
      kind,
      ...(by === undefined ? {} : { actor: by }),
    });
  }
  return row;
}

/** Used, and reviewed by nobody. */
export async function owedGlasses(db: Db, lane?: Lane): Promise<readonly BreakGlassRow[]> {
  let query = db
    .selectFrom("break_glass")
    .selectAll()
    .where("ended_at", "is", null)
    .where("used_by", "is not", null);
  if (lane) {
    query = query.where("service", "=", lane.service).where("environment", "=", lane.environment);
  }
  return query.orderBy("id").execute();
}

/** Not used, and too late. */
export async function expiredGlasses(db: Db): Promise<readonly BreakGlassRow[]> {
  return db
    .selectFrom("break_glass")
    .selectAll()
    .where("ended_at", "is", null)
    .where("used_by", "is", null)
    .where(sql<boolean>`(asked ->> 'expires')::timestamptz <= ${dbNow}`)
    .limit(200)
    .execute();
}

/** Whose review is overdue and nobody was told so; each is told once. */
export async function tellOverdue(tx: Db): Promise<readonly BreakGlassRow[]> {
  return tx
    .updateTable("break_glass")
    .set({ overdue_told: true })
    .where("ended_at", "is", null)
    .where("overdue_told", "=", false)
    .where("review_due", "<=", dbNow)
    .returningAll()
    .execute();
}

const list = {
  table: "break_glass",
  id: "asked ->> 'glass'",
  order: ["id"],
  service: "service",
  environment: "environment",
} as const;

/** Newest first. `open`: still asked for, in force, or a review is owed. */
export async function listGlasses(
  db: Db,
  filter: {
    readonly service?: string | undefined;
    readonly environment?: string | undefined;
    readonly open: boolean;
  } & Page,
): Promise<readonly BreakGlassRow[]> {
  let query = db.selectFrom("break_glass").selectAll();
  if (filter.service !== undefined) query = query.where("service", "=", filter.service);
  if (filter.environment !== undefined) query = query.where("environment", "=", filter.environment);
  if (filter.open) query = query.where("ended_at", "is", null);
  return readPage(db, query, list, filter);
}

/** Whether a promotion went through a broken glass, and what that set aside. */
export async function glassOfPromotion(
  db: Db,
  promotion: string,
): Promise<BreakGlassRow | undefined> {
  return db
    .selectFrom("break_glass")
    .selectAll()
    .where("used_by", "=", promotion)
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
}

/** One of the lane that the log has and the database has not. */
export async function goneGlass(
  db: Db,
  { service, environment }: Lane,
): Promise<string | undefined> {
  const { rows } = await sql<{ operation: string }>`
    select e.operation from ledger_entries e
    where e.stream = ${`${service}/${environment}`} and e.kind = 'break-glass.opened' and not exists (
      select from break_glass b where 'break-glass/' || b.id || '/1' = e.operation)
    limit 1
  `.execute(db);
  return rows[0]?.operation;
}
