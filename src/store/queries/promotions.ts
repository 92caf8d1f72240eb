import { type InsertObject, sql, type UpdateObject } from "kysely";
import type { Page } from "../../model/principal.ts";
import type { Decision } from "../../model/decision.ts";
import type { Digest, Lane } from "../../model/primitives.ts";
import { type Decided, inputsText } from "../../policy/decide.ts";
import { decisionRecord } from "../../policy/record.ts";
import { keepLeans } from "./leans.ts";
import { recordRows } from "../projections/projection.ts";
import {
  decisionsProjection,
  isRecorded,
  promotionsProjection,
  stepsProjection,
} from "../projections/promotions.ts";
import type { Db, PromotionRow, Schema, StepRow } from "../schema.ts";
import { readPage } from "./page.ts";

/** Rows of promotions and their steps. The state machine that moves them is src/engine/lanes/transitions.ts. */

export type NewPromotion = InsertObject<Schema, "promotions">;
export interface NewStep {
  readonly index: number;
  readonly kind: string;
  readonly title: string;
}

export const dbNow = sql<Date>`clock_timestamp()`;

/** The database's clock, `ms` milliseconds from now. */
export function dbNowPlus(ms: number) {
  return sql<Date>`clock_timestamp() + ${ms} * interval '1 millisecond'`;
}

export async function insertPromotion(tx: Db, promotion: NewPromotion): Promise<PromotionRow> {
  const row = await tx
    .insertInto("promotions")
    .values({ ...promotion, changes: 1 })
    .returningAll()
    .executeTakeFirstOrThrow();
  await recordRows(tx, promotionsProjection, [row]);
  return row;
}

/** Changes the row, and records what it is from here on. */
export async function changePromotion(
  tx: Db,
  id: string,
  set: UpdateObject<Schema, "promotions">,
): Promise<void> {
  const rows = await tx
    .updateTable("promotions")
    .set({ ...set, changes: sql<number>`changes + 1` })
    .where("id", "=", id)
    .returningAll()
    .execute();
  await recordRows(tx, promotionsProjection, rows);
}

/** Ends a step; one that may be a ground for something is recorded. */
export async function changeStep(
  tx: Db,
  promotion: Pick<PromotionRow, "id" | "service" | "environment">,
  index: number,
  set: UpdateObject<Schema, "promotion_steps">,
): Promise<void> {
  const { service, environment } = promotion;
  const rows = await tx
    .updateTable("promotion_steps")
    .set({ ...set, changes: sql<number>`changes + 1` })
    .where("promotion", "=", promotion.id)
    .where("index", "=", index)
    .returningAll()
    .execute();
  const ended = rows.filter((row) => isRecorded(row.state));
  for (const row of ended) {
    const more = { title: row.title, message: row.message.slice(0, 2_000) };
    await recordRows(tx, stepsProjection, [{ ...row, service, environment }], { more });
  }
}

/** @param entered index of the step that is under way already */
export async function insertSteps(
  tx: Db,
  promotion: string,
  steps: readonly NewStep[],
  entered?: number,
): Promise<void> {
  if (steps.length === 0) return;
  const pending = { promotion, state: "pending", attempts: 0, started_at: null } as const;
  const running = { promotion, state: "running", attempts: 1, started_at: dbNow } as const;
  await tx
    .insertInto("promotion_steps")
    .values(steps.map((step) => ({ ...step, ...(step.index === entered ? running : pending) })))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export async function readPromotion(db: Db, id: string): Promise<PromotionRow | undefined> {
  return db.selectFrom("promotions").selectAll().where("id", "=", id).executeTakeFirst();
}

export async function promotionByKey(db: Db, key: string): Promise<PromotionRow | undefined> {
  return db
    .selectFrom("promotions")
    .selectAll()
    .where("idempotency_key", "=", key)
    .executeTakeFirst();
}

export async function runningPromotion(db: Db, lane: Lane): Promise<PromotionRow | undefined> {
  return ofLane(db, lane).where("state", "=", "running").executeTakeFirst();
}

/** The step that the running promotion of a lane is at, compensations included. */
export async function currentStep(db: Db, lane: Lane): Promise<StepRow | undefined> {
  const { rows } = await sql<StepRow>`
    select s.* from promotion_steps s join promotions p on p.id = s.promotion
    where p.service = ${lane.service} and p.environment = ${lane.environment} and p.state = 'running'
      and s.index = case
        when p.ending is null then p.step_index
        else jsonb_array_length(p.plan -> 'steps') + p.compensation_index
      end
  `.execute(db);
  return rows[0];
}

/** The next of the queue. A return goes before everything that wants to go forward. */
export async function nextQueued(db: Db, lane: Lane): Promise<PromotionRow | undefined> {
  // One that somebody is aborting at this moment is not started behind it: then it is not queued any more.
  return queued(db, lane).forUpdate().executeTakeFirst();
}

/** The same one, only looked at. */
export async function queuedFirst(db: Db, lane: Lane): Promise<PromotionRow | undefined> {
  return queued(db, lane).executeTakeFirst();
}

function queued(db: Db, lane: Lane) {
  return ofLane(db, lane)
    .where("state", "=", "queued")
    .orderBy(sql`case kind when 'rollback' then 0 else 1 end`)
    .orderBy("sequence")
    .limit(1);
}

export async function openPromotions(db: Db, lane: Lane): Promise<readonly PromotionRow[]> {
  return ofLane(db, lane).where("state", "in", ["queued", "running"]).orderBy("sequence").execute();
}

function ofLane(db: Db, lane: Lane) {
  return db
    .selectFrom("promotions")
    .selectAll()
    .where("service", "=", lane.service)
    .where("environment", "=", lane.environment);
}

const newest = {
  table: "promotions",
  id: "id",
  order: ["sequence"],
  service: "service",
  environment: "environment",
} as const;

/** Newest first. */
export async function listPromotions(
  db: Db,
  filter: { service?: string; environment?: string } & Page,
): Promise<readonly PromotionRow[]> {
  let query = db.selectFrom("promotions").selectAll();
  if (filter.service !== undefined) query = query.where("service", "=", filter.service);
  if (filter.environment !== undefined) query = query.where("environment", "=", filter.environment);
  return readPage(db, query, newest, filter);
}

export async function stepsOf(db: Db, promotion: string): Promise<readonly StepRow[]> {
  return db
    .selectFrom("promotion_steps")
    .selectAll()
    .where("promotion", "=", promotion)
    .orderBy("index")
    .execute();
}

/** One decision a step: it is made in the transaction that ends the step. */
/** The decision and, under their digest, the inputs from which anybody can make it again. */
export async function insertDecision(
  tx: Db,
  promotion: Pick<PromotionRow, "id" | "service" | "environment">,
  step: number,
  { decision, inputs }: Decided,
  /** What was signed about it. */
  attestations: readonly Digest[],
): Promise<void> {
  const { id, service, environment } = promotion;
  const row = await tx
    .insertInto("decisions")
    .values({ promotion: id, step, decision: JSON.stringify(decision) })
    .returningAll()
    .executeTakeFirstOrThrow();
  await tx
    .insertInto("decision_inputs")
    .values({ digest: decision.inputs, content: inputsText({ inputs }) })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  await keepLeans(tx, [{ promotion: id, step, decision, inputs }]);
  const more = { ...decisionRecord(decision), attestations };
  await recordRows(tx, decisionsProjection, [{ ...row, service, environment }], { more });
}

/** The last decision that was made for it. */
export async function lastDecision(db: Db, promotion: string): Promise<Decision | null> {
  const row = await db
    .selectFrom("decisions")
    .select("decision")
    .where("promotion", "=", promotion)
    .orderBy("step", "desc")
    .limit(1)
    .executeTakeFirst();
  return row?.decision ?? null;
}

/** Wakes what waits in the other lanes of a service: a predecessor has been verified. */
export async function wakeService(tx: Db, service: string): Promise<void> {
  await wakeWaiting(tx, { service, environment: null });
}

/** What they wait for may have changed: whoever waits there is looked at again at the next sweep. Null: all of them. */
export async function wakeWaiting(
  tx: Db,
  { service, environment }: { service: string | null; environment: string | null },
): Promise<void> {
  let query = tx
    .updateTable("promotions")
    .set({ wake_at: null })
    .where("state", "=", "running")
    .where("wake_at", "is not", null);
  if (service !== null) query = query.where("service", "=", service);
  if (environment !== null) query = query.where("environment", "=", environment);
  await query.execute();
}
