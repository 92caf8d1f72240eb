import { asTidelockError } from "../model/errors.ts";
import { announce } from "../store/queries/events.ts";
import { markWeighed } from "../store/queries/late-runs.ts";
import { readLane } from "../store/queries/lanes.ts";
import { insertDecision, readPromotion } from "../store/queries/promotions.ts";
import type { CheckRunRow, Db, PromotionRow } from "../store/schema.ts";
import { attestDecision, knownPlan } from "./attest-promotion.ts";
import { isAccepted } from "./check-runner.ts";
import type { Engine } from "./engine.ts";
import { decisionAfter } from "./evidence.ts";
import { revoke } from "./revoke.ts";
import { rollback } from "./rollback.ts";
import type { Plan } from "../model/plan.ts";

/**
 * An out-of-band answer after its promotion has ended (law 3: what leaned on it is decided again). A bad one
 * makes the gate's decision again, marks what the promotion brought as known to be worse, and, where the
 * pipeline says so, gives the traffic back while it is live. Each part may be done twice and counts once.
 */
export async function weighLateRun(engine: Engine, run: CheckRunRow): Promise<void> {
  const promotion = await readPromotion(engine.db, run.promotion);
  const plan = promotion && knownPlan(promotion);
  const demand = plan?.checks.find((one) => one.name === run.name);
  const { report } = run;
  if (!promotion || !plan || !demand || !report) return;
  const again = report.verdict === "error" && run.attempt <= demand.retries;
  const bad = !again && !isAccepted(report.verdict, demand.allowWarn);
  if (bad && promotion.state === "complete") {
    const reason = `check ${run.name} came late: ${report.verdict}: ${report.summary}`;
    await decideAgain(engine, promotion, plan, run, reason);
    if (plan.onLateFailure === "return") await giveBack(engine, promotion, reason);
  }
  await markWeighed(engine.db, run.id);
  engine.signals.emit("change");
}

async function decideAgain(
  engine: Engine,
  promotion: PromotionRow,
  plan: Plan,
  run: CheckRunRow,
  reason: string,
): Promise<void> {
  const decided = await decisionAfter(engine, plan, promotion);
  await engine.db.transaction().execute(async (tx) => {
    // After every step of the plan: the newest decision of the promotion.
    const place = plan.steps.length + run.step;
    if (!(await isDecided(tx, promotion.id, place))) {
      const attestation = await attestDecision(engine, tx, promotion, place, decided.decision);
      await insertDecision(tx, promotion, place, decided, [attestation]);
      await announce(tx, {
        kind: "check.late",
        service: promotion.service,
        environment: promotion.environment,
        promotion: promotion.id,
        message: `decided again, ${decided.decision.outcome}: ${reason}`,
      });
    }
    await revoke(engine, tx, promotion.id, reason);
  });
}

async function isDecided(tx: Db, promotion: string, step: number): Promise<boolean> {
  const row = await tx
    .selectFrom("decisions")
    .select("step")
    .where("promotion", "=", promotion)
    .where("step", "=", step)
    .forUpdate()
    .executeTakeFirst();
  return row !== undefined;
}

/** Only while users still meet what it brought; a second time there is nothing to give back. */
async function giveBack(engine: Engine, promotion: PromotionRow, reason: string): Promise<void> {
  const { service, environment } = promotion;
  const lane = await readLane(engine.db, { service, environment });
  if (lane?.live_promotion !== promotion.id) return;
  try {
    await rollback(engine, { id: "tidelock" }, { service, environment }, { reason });
  } catch (error) {
    const { message } = asTidelockError(error);
    await announce(engine.db, {
      kind: "check.late",
      service,
      environment,
      promotion: promotion.id,
      message: `the traffic could not be given back by itself: ${message}`,
    });
  }
}
