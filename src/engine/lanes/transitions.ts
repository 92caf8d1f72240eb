import { digestOf } from "../../model/canonical.ts";
import type { Plan } from "../../model/plan.ts";
import type { PromotionState } from "../../model/promotion.ts";
import type { Decided } from "../../policy/decide.ts";
import { compensationsFor, compensationTitle } from "../../strategies/compensation.ts";
import { titleOf } from "../../strategies/plan.ts";
import { announce } from "../../store/queries/events.ts";
import {
  changePromotion,
  changeStep,
  dbNow,
  dbNowPlus,
  insertDecision,
  insertSteps,
  type NewStep,
} from "../../store/queries/promotions.ts";
import { sql } from "kysely";
import { openIntents } from "../../store/queries/intents.ts";
import type { Db, PromotionRow } from "../../store/schema.ts";
import { attestCompletion, attestDecision } from "../attestations/attest-promotion.ts";
import { attestConformance } from "../attestations/conformance.ts";
import { recordUse } from "../break-glass/use.ts";
import { operationNames } from "./effect.ts";
import type { Engine } from "../engine.ts";

/**
 * How a promotion's rows move. Each function runs in a transaction that holds the lane (see lease.ts) and
 * writes state, ledger and event together.
 *
 *   queued --start--> running --finishStep…--> running --finish--> complete
 *     |                  |  \--wait/again
 *     |                  \--beginEnding--> running, ending set --finishCompensation…--> finish(ending)
 *     \--finish(aborted | superseded)
 */

export function stepsOfPlan(plan: Plan): readonly NewStep[] {
  return plan.steps.map((step, index) => ({ index, kind: step.kind, title: titleOf(step) }));
}

/** Leaves the queue. A plan that was made before the live colour changed is made anew: `plan` is it. */
export async function start(
  engine: Engine,
  tx: Db,
  promotion: PromotionRow,
  plan: Plan,
): Promise<void> {
  const planDigest = digestOf(plan);
  const replanned = planDigest !== promotion.plan_digest;
  await changePromotion(tx, promotion.id, {
    state: "running",
    started_at: dbNow,
    deadline: dbNowPlus(plan.timeoutMs),
    plan: JSON.stringify(plan),
    plan_digest: planDigest,
    step_index: 0,
    wake_at: null,
    wait_reason: null,
    wait_who: null,
    wait_until: null,
  });
  if (replanned) {
    await tx.deleteFrom("promotion_steps").where("promotion", "=", promotion.id).execute();
    await insertSteps(tx, promotion.id, stepsOfPlan(plan));
  }
  await enterStep(tx, promotion.id, 0);
  await tell(engine, tx, promotion, "started", "starts", { plan: planDigest, replanned });
}

/** A worker comes to a step: for the first time, or after another one. */
export async function enterStep(tx: Db, promotion: string, index: number): Promise<void> {
  await tx
    .updateTable("promotion_steps")
    .set({
      state: "running",
      attempts: sql<number>`attempts + 1`,
      started_at: sql<Date>`coalesce(started_at, clock_timestamp())`,
    })
    .where("promotion", "=", promotion)
    .where("index", "=", index)
    .execute();
}

export interface StepEnd {
  readonly message: string;
  readonly detail?: Readonly<Record<string, unknown>>;
  readonly decided?: Decided;
}

/** The step is done and the next one begins. */
export async function finishStep(
  engine: Engine,
  tx: Db,
  promotion: PromotionRow,
  step: { index: number; title: string },
  end: StepEnd,
): Promise<void> {
  await endStep(tx, promotion, step.index, "done", end);
  await recordDecision(engine, tx, promotion, step.index, end.decided);
  await enterStep(tx, promotion.id, step.index + 1);
  await changePromotion(tx, promotion.id, { step_index: step.index + 1, ...noWait() });
  await announceStep(tx, promotion, "step.done", `${step.title}: ${end.message}`);
}

/** Why it is not going on, in columns: nothing waits in memory. */
export async function wait(
  tx: Db,
  promotion: PromotionRow,
  index: number,
  why: {
    reason: string;
    who: string;
    until: Date | null;
    againMs: number;
    forPeople?: boolean;
    detail?: Readonly<Record<string, unknown>>;
  },
): Promise<void> {
  await tx
    .updateTable("promotions")
    .set({
      wait_reason: why.reason,
      wait_who: why.who,
      wait_until: why.until,
      // Somebody may have asked for its end while this was found out: that does not wait.
      wake_at: sql<Date | null>`case when desired = 'aborted' then null else ${dbNowPlus(why.againMs)} end`,
      ...(why.forPeople
        ? { paused_since: sql<Date>`coalesce(paused_since, clock_timestamp())` }
        : resumed),
    })
    .where("id", "=", promotion.id)
    .execute();
  await tx
    .updateTable("promotion_steps")
    .set({
      state: "waiting",
      message: why.reason,
      ...(why.detail ? { detail: JSON.stringify(why.detail) } : {}),
    })
    .where("promotion", "=", promotion.id)
    .where("index", "=", index)
    .execute();
  if (promotion.wait_reason !== why.reason) {
    await announceStep(tx, promotion, "promotion.waiting", `waits: ${why.reason} (${why.who})`);
  }
}

/** It will end early: compensations follow, then `ending`. */
export async function beginEnding(
  engine: Engine,
  tx: Db,
  promotion: PromotionRow,
  plan: Plan,
  end: StepEnd & { readonly ending: "failed" | "rolled-back" | "aborted" },
): Promise<void> {
  const reached = promotion.step_index;
  await endStep(tx, promotion, reached, end.ending === "aborted" ? "skipped" : "failed", end);
  await recordDecision(engine, tx, promotion, reached, end.decided);
  await tx
    .updateTable("promotion_steps")
    .set({ state: "skipped" })
    .where("promotion", "=", promotion.id)
    .where("state", "=", "pending")
    .execute();
  const compensations = compensationsFor(plan, reached);
  await insertSteps(
    tx,
    promotion.id,
    compensations.map((compensation, place) => ({
      index: plan.steps.length + place,
      kind: compensation.kind,
      title: compensationTitle(compensation),
    })),
  );
  await changePromotion(tx, promotion.id, {
    ending: end.ending,
    ending_message: end.message,
    compensation_index: 0,
    message: end.message,
    ...noWait(),
  });
  await enterStep(tx, promotion.id, plan.steps.length);
  await tell(engine, tx, promotion, "ending", `ends early: ${end.message}`, { ending: end.ending });
}

export async function finishCompensation(
  tx: Db,
  promotion: PromotionRow,
  step: { index: number; title: string },
  message: string,
): Promise<void> {
  await endStep(tx, promotion, step.index, "compensated", { message });
  await enterStep(tx, promotion.id, step.index + 1);
  await changePromotion(tx, promotion.id, {
    compensation_index: promotion.compensation_index + 1,
    ...noWait(),
  });
  await announceStep(tx, promotion, "step.compensated", `${step.title}: ${message}`);
}

/** It has ended; the next of the queue is woken. */
export async function finish(
  engine: Engine,
  tx: Db,
  promotion: PromotionRow,
  state: Exclude<PromotionState, "queued" | "running">,
  message: string,
): Promise<void> {
  await changePromotion(tx, promotion.id, { state, message, ended_at: dbNow, ...noWait() });
  await tx
    .updateTable("promotion_steps")
    .set({ state: "skipped" })
    .where("promotion", "=", promotion.id)
    .where("state", "in", ["pending", "running", "waiting"])
    .execute();
  await endIntents(engine, tx, promotion);
  const attestations = await attestCompletion(engine, tx, promotion, state);
  const ended = { state, message, attestations };
  await tell(engine, tx, promotion, "ended", `${state}: ${message}`, ended);
  await engine.wake(tx, promotion);
}

/** Law 1 to its end: no intent of an ended promotion is left without a word on what came of it. */
async function endIntents(engine: Engine, tx: Db, promotion: PromotionRow): Promise<void> {
  const open = await openIntents(tx, promotion.id, operationNames);
  const entries = open.map((operation) => ({
    operation,
    kind: "effect.unseen",
    stream: `${promotion.service}/${promotion.environment}`,
    actor: "tidelock",
    payload: { result: "unseen" },
  }));
  if (entries.length > 0) await engine.ledger.append(tx, ...entries);
}

async function endStep(
  tx: Db,
  promotion: PromotionRow,
  index: number,
  state: "done" | "failed" | "compensated" | "skipped",
  end: StepEnd,
): Promise<void> {
  await changeStep(tx, promotion, index, {
    state,
    message: end.message,
    ended_at: dbNow,
    ...(end.detail ? { detail: JSON.stringify(end.detail) } : {}),
  });
}

async function recordDecision(
  engine: Engine,
  tx: Db,
  promotion: PromotionRow,
  index: number,
  decided: Decided | undefined,
): Promise<void> {
  if (!decided) return;
  await recordUse(tx, promotion, decided.decision);
  const attestation = await attestDecision(engine, tx, promotion, index, decided.decision);
  const conformance = await attestConformance(engine, tx, promotion, index, decided);
  await insertDecision(tx, promotion, index, decided, [attestation, ...conformance]);
}

/** State, ledger and event of a promotion as one word. */
async function tell(
  engine: Engine,
  tx: Db,
  promotion: PromotionRow,
  kind: string,
  message: string,
  payload: Readonly<Record<string, unknown>>,
): Promise<void> {
  await engine.ledger.append(tx, {
    operation: promotion.id,
    kind: `promotion.${kind}`,
    stream: `${promotion.service}/${promotion.environment}`,
    actor: "tidelock",
    payload: { ...payload },
  });
  await announceStep(tx, promotion, `promotion.${kind}`, message);
}

async function announceStep(
  tx: Db,
  promotion: PromotionRow,
  kind: string,
  message: string,
): Promise<void> {
  await announce(tx, {
    kind,
    service: promotion.service,
    environment: promotion.environment,
    promotion: promotion.id,
    message,
  });
}

/** Time spent waiting for people is given back to the deadline. */
const resumed = {
  deadline: sql<Date>`deadline + coalesce(clock_timestamp() - paused_since, interval '0')`,
  paused_since: null,
} as const;

function noWait() {
  return { wait_reason: null, wait_who: null, wait_until: null, wake_at: null, ...resumed };
}
