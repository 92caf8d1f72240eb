import { type Insertable, sql } from "kysely";
import type { Page } from "../../model/principal.ts";
import type { ApprovalAsked, ApprovalBasis } from "../../model/approval.ts";
import {
  approvalAnswersProjection,
  approvalRequestsProjection,
  type PlacedAnswer,
} from "../projections/approvals.ts";
import { recordRows } from "../projections/projection.ts";
import type { ApprovalRequestRow } from "../schema-approvals.ts";
import type { Db, Schema } from "../schema.ts";
import { dbNow } from "./promotions.ts";
import { readPage } from "./page.ts";

/** Requests for approval and their answers. Each change is a row and its entry, in the caller's transaction. */

/** Asks once about a content; answers the open request of the promotion, whoever made it. */
export async function askApproval(
  tx: Db,
  asked: ApprovalAsked,
  basis: ApprovalBasis,
): Promise<{ readonly row: ApprovalRequestRow; readonly fresh: boolean }> {
  const { request: id, promotion, service, environment } = asked;
  const made = await tx
    .insertInto("approval_requests")
    .values({
      id,
      promotion,
      service,
      environment,
      asked: JSON.stringify(asked),
      basis: JSON.stringify(basis),
    })
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
  if (made) await recordRows(tx, approvalRequestsProjection, [made]);
  const row = made ?? (await openRequest(tx, promotion));
  if (!row) throw new Error("a request that stands in the way is gone");
  return { row, fresh: made !== undefined };
}

export async function openRequest(
  db: Db,
  promotion: string,
): Promise<ApprovalRequestRow | undefined> {
  return db
    .selectFrom("approval_requests")
    .selectAll()
    .where("promotion", "=", promotion)
    .where("voided_at", "is", null)
    .executeTakeFirst();
}

/** Undefined when it was void before. */
export async function voidRequest(
  tx: Db,
  id: string,
  why: string,
): Promise<ApprovalRequestRow | undefined> {
  const row = await tx
    .updateTable("approval_requests")
    .set({ voided_at: dbNow, why, changes: sql<number>`changes + 1` })
    .where("id", "=", id)
    .where("voided_at", "is", null)
    .returningAll()
    .executeTakeFirst();
  if (row) await recordRows(tx, approvalRequestsProjection, [row], { kind: "approval.voided" });
  return row;
}

/** By its id, or the beginning of it. */
export async function findApprovals(
  db: Db,
  reference: string,
): Promise<readonly ApprovalRequestRow[]> {
  if (!/^[0-9a-f]{6,32}$/.test(reference)) return [];
  return db
    .selectFrom("approval_requests")
    .selectAll()
    .where("id", "like", `${reference}%`)
    .limit(2)
    .execute();
}

/** Nobody else answers or voids it before this transaction ends. */
export async function lockApproval(tx: Db, id: string): Promise<ApprovalRequestRow | undefined> {
  return tx
    .selectFrom("approval_requests")
    .selectAll()
    .where("id", "=", id)
    .forUpdate()
    .executeTakeFirst();
}

/** Undefined when this person has answered, or these very bytes are there. */
export async function insertAnswer(
  tx: Db,
  { service, environment }: Pick<ApprovalRequestRow, "service" | "environment">,
  answer: Insertable<Schema["approval_answers"]>,
): Promise<PlacedAnswer | undefined> {
  const row = await tx
    .insertInto("approval_answers")
    .values(answer)
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
  if (!row) return undefined;
  const placed = { ...row, service, environment };
  await recordRows(tx, approvalAnswersProjection, [placed]);
  return placed;
}

export async function answersOf(db: Db, request: string): Promise<readonly PlacedAnswer[]> {
  return db
    .selectFrom("approval_answers as a")
    .innerJoin("approval_requests as r", "r.id", "a.request")
    .selectAll("a")
    .select(["r.service", "r.environment"])
    .where("a.request", "=", request)
    .orderBy("a.id")
    .execute();
}

const list = {
  table: "approval_requests",
  id: "id",
  order: ["asked_at", "id"],
  service: "service",
  environment: "environment",
} as const;

/** Newest first. */
export async function listApprovals(
  db: Db,
  filter: {
    readonly service?: string | undefined;
    readonly environment?: string | undefined;
    readonly promotion?: string | undefined;
    readonly open: boolean;
    /** Only what this person may answer by a right, and has not. */
    readonly waitsFor?: string | undefined;
  } & Page,
): Promise<readonly ApprovalRequestRow[]> {
  let query = db.selectFrom("approval_requests").selectAll();
  if (filter.service !== undefined) query = query.where("service", "=", filter.service);
  if (filter.environment !== undefined) query = query.where("environment", "=", filter.environment);
  if (filter.promotion !== undefined) query = query.where("promotion", "=", filter.promotion);
  if (filter.waitsFor !== undefined) query = query.where(waitsFor(filter.waitsFor));
  if (filter.open) {
    query = query
      .where("voided_at", "is", null)
      .where("promotion", "in", (select) =>
        select.selectFrom("promotions").select("id").where("state", "=", "running"),
      );
  }
  return readPage(db, query, list, filter);
}

/** Answers to the promotion's requests that the log has and the database has not. */
export async function goneApproval(
  db: Db,
  { service, environment }: { readonly service: string; readonly environment: string },
): Promise<string | undefined> {
  const { rows } = await sql<{ operation: string }>`
    select e.operation from ledger_entries e
    where e.stream = ${`${service}/${environment}`} and (
      (e.kind = 'approval.answered' and not exists (
        select from approval_answers a where 'approval-answer/' || a.id = e.operation))
      or (e.kind = 'approval.asked' and not exists (
        select from approval_requests r where 'approval-request/' || r.id || '/1' = e.operation)))
    limit 1
  `.execute(db);
  return rows[0]?.operation;
}

/** Own work is not looked at here: whoever opens the request reads of it. */
function waitsFor(person: string) {
  return sql<boolean>`exists (
      select from grants g, jsonb_array_elements(approval_requests.asked -> 'asks') a,
        jsonb_array_elements_text(a -> 'roles') r
      where g.person = ${person} and g.removed_at is null and g."right" = 'approve:' || r
        and (g.service is null or g.service = approval_requests.service)
        and (g.environment is null or g.environment = approval_requests.environment))
    and not exists (
      select from approval_answers o where o.request = approval_requests.id and o.person = ${person})`;
}
