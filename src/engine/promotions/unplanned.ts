import { TidelockError } from "../../model/errors.ts";
import type { Environment } from "../../model/pipeline.ts";
import type { Plan, PlanStep } from "../../model/plan.ts";
import { documentByDigest, registeredEnvironment } from "../../store/queries/catalogue.ts";
import { stepsOf } from "../../store/queries/promotions.ts";
import type { Db, PromotionRow } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";
import { type Lease, withLease } from "../lanes/lease.ts";
import { planAgain, plannedDocuments } from "./planned-documents.ts";
import { finish, wait } from "../lanes/transitions.ts";

/** What becomes of a running promotion whose plan, or what it was made from, is not there any more. */

/**
 * A plan that this program does not know waits visibly for one that does. One that nobody can read (damaged) ends where
 * nothing was done yet; later nobody knows what to undo, and a person has to look.
 */
export async function refuse(
  engine: Engine,
  lease: Lease,
  promotion: PromotionRow,
  error: TidelockError,
): Promise<number> {
  const againMs = 60_000;
  const damaged = error.code === "digest-mismatch";
  await withLease(engine, lease, async (tx) => {
    if (promotion.desired === "aborted") {
      await finish(engine, tx, promotion, "aborted", `aborted unread: ${error.message}`);
      return;
    }
    const again = await planAgain(tx, promotion);
    if (damaged && !(await hasActed(tx, promotion.id))) {
      await finish(engine, tx, promotion, "failed", `${error.message}; ${again}`);
      return;
    }
    const look = `an operator: see what runs (tidelock status), then tidelock promotion abort ${promotion.id}, and ${again}`;
    await wait(tx, promotion, promotion.step_index, {
      reason: error.message,
      who: damaged ? look : (error.hint ?? "an operator"),
      until: null,
      againMs,
      forPeople: true,
    });
  });
  return againMs;
}

/** Whether anything but looking was begun: what follows admission, checks and gates changes something. */
async function hasActed(db: Db, promotion: string): Promise<boolean> {
  const steps = await stepsOf(db, promotion);
  const looks = new Set(["admit", "check", "gate"]);
  return steps.some(({ kind, attempts }) => attempts > 0 && !looks.has(kind));
}

/** What a decision is made under is there, or nothing is decided. A return asks for nothing of it (law 9). */
export async function lostOf(engine: Engine, plan: Plan, step: PlanStep): Promise<string | null> {
  if (plan.kind === "rollback" || (step.kind !== "admit" && step.kind !== "gate")) return null;
  try {
    await plannedDocuments(engine.db, plan);
    return null;
  } catch (caught) {
    if (caught instanceof TidelockError) return caught.message;
    throw caught;
  }
}

/** As it was planned. To undo and to return ask no policy: there what is registered under its name does. */
export async function environmentOf(
  db: Db,
  plan: Plan,
  { ending }: PromotionRow,
): Promise<Environment | undefined> {
  const planned = await documentByDigest<Environment>(db, "Environment", plan.environment);
  if (planned || (ending === null && plan.kind !== "rollback")) return planned;
  return (await registeredEnvironment(db, plan.lane.environment))?.document;
}
