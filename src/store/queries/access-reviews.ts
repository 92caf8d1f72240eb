import { type Insertable, sql } from "kysely";
import type { Page } from "../../model/principal.ts";
import {
  accessReviewsProjection,
  accessReviewWordsProjection,
} from "../projections/access-reviews.ts";
import { recordRows } from "../projections/projection.ts";
import type { AccessReviewRow, AccessReviewWordRow } from "../schema-reviews.ts";
import type { Db, Schema } from "../schema.ts";
import { dbNow } from "./promotions.ts";
import { readPage } from "./page.ts";

/** Reviews of who can do what, and which permissions are really used. */

export async function insertReview(
  tx: Db,
  review: Insertable<Schema["access_reviews"]>,
): Promise<AccessReviewRow> {
  const row = await tx
    .insertInto("access_reviews")
    .values(review)
    .returningAll()
    .executeTakeFirstOrThrow();
  await recordRows(tx, accessReviewsProjection, [row], { actor: row.started_by });
  return row;
}

export async function closeReview(tx: Db, id: string, by: string): Promise<void> {
  const row = await tx
    .updateTable("access_reviews")
    .set({ closed_at: dbNow, changes: sql<number>`changes + 1` })
    .where("id", "=", id)
    .where("closed_at", "is", null)
    .returningAll()
    .executeTakeFirst();
  if (row) {
    const how = { kind: "access.review-closed", actor: by };
    await recordRows(tx, accessReviewsProjection, [row], how);
  }
}

/** Undefined when these very bytes are there. */
export async function insertReviewWord(
  tx: Db,
  word: Insertable<Schema["access_review_words"]>,
): Promise<AccessReviewWordRow | undefined> {
  const row = await tx
    .insertInto("access_review_words")
    .values(word)
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
  if (row) await recordRows(tx, accessReviewWordsProjection, [row], { actor: row.added_by });
  return row;
}

export async function readReview(db: Db, id: string): Promise<AccessReviewRow | undefined> {
  return db.selectFrom("access_reviews").selectAll().where("id", "=", id).executeTakeFirst();
}

/** Nobody else says anything of it before this transaction ends. */
export async function lockReview(tx: Db, id: string): Promise<AccessReviewRow | undefined> {
  return tx
    .selectFrom("access_reviews")
    .selectAll()
    .where("id", "=", id)
    .forUpdate()
    .executeTakeFirst();
}

/** Open ones first, then the newest. */
const list = {
  table: "access_reviews",
  id: "id",
  order: ["(closed_at is null)", "started_at", "id"],
  service: "service",
  environment: null,
} as const;

export async function listReviews(db: Db, page: Page): Promise<readonly AccessReviewRow[]> {
  return readPage(db, db.selectFrom("access_reviews").selectAll(), list, page);
}

export async function wordsOf(db: Db, review: string): Promise<readonly AccessReviewWordRow[]> {
  return db
    .selectFrom("access_review_words")
    .selectAll()
    .where("review", "=", review)
    .orderBy("added_at")
    .orderBy("id")
    .execute();
}

/** Open ones whose day has come, by the database's clock. `fresh`: only those that nobody was told of. */
export async function overdueReviews(
  db: Db,
  { fresh }: { readonly fresh: boolean },
): Promise<readonly AccessReviewRow[]> {
  let query = db
    .selectFrom("access_reviews")
    .selectAll()
    .where("closed_at", "is", null)
    .where("due_at", "<", dbNow);
  if (fresh) {
    query = query.where("id", "not in", (select) =>
      select.selectFrom("access_review_notices").select("review"),
    );
  }
  return query.orderBy("due_at").execute();
}

/** Those that a gate may lean on: open ones, and those that were done last. */
export async function allReviews(db: Db): Promise<readonly AccessReviewRow[]> {
  const { rows } = await sql<AccessReviewRow>`
    select * from access_reviews where closed_at is null
    union select * from (
      select distinct on (service) * from access_reviews where closed_at is not null
      order by service, closed_at desc
    ) as done
  `.execute(db);
  return rows;
}

/** Whether this is the first time. */
export async function noteOverdue(tx: Db, review: string): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto("access_review_notices")
    .values({ review })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

/** The last review of a service, or of every one, that was done to its end. */
export async function lastReviewOf(db: Db, service: string): Promise<AccessReviewRow | undefined> {
  return db
    .selectFrom("access_reviews")
    .selectAll()
    .where("closed_at", "is not", null)
    .where((where) => where.or([where("service", "is", null), where("service", "=", service)]))
    .orderBy("closed_at", "desc")
    .limit(1)
    .executeTakeFirst();
}

/** Today, by the database's clock; once is enough. */
export async function notePermissionUse(
  db: Db,
  principal: string,
  permission: string,
): Promise<void> {
  await db
    .insertInto("permission_uses")
    .values({ principal, permission })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export async function dropOldUses(db: Db): Promise<void> {
  await sql`delete from permission_uses where day < current_date - 400`.execute(db);
}

export interface PermissionUse {
  readonly principal: string;
  readonly permission: string;
  /** `2026-12-31`. */
  readonly last: string;
}

/** What everybody has used in so many days. */
export async function permissionUses(db: Db, days: number): Promise<readonly PermissionUse[]> {
  const { rows } = await sql<PermissionUse>`
    select principal, permission, max(day)::text as last from permission_uses
    where day > current_date - ${days}::int group by principal, permission
  `.execute(db);
  return rows;
}

/** Since when uses are written down here: `2026-12-31`; null: none was. */
export async function usesSince(db: Db): Promise<string | null> {
  const { rows } = await sql<{ day: string | null }>`
    select min(day)::text as day from permission_uses
  `.execute(db);
  return rows[0]?.day ?? null;
}
