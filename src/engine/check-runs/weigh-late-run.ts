import { asTidelockError, TidelockError } from "../../model/errors.ts";
import type { Lane } from "../../model/primitives.ts";
import { announce } from "../../store/queries/events.ts";
import { databaseTime } from "../../store/queries/attestations.ts";
import { checkRunsOf } from "../../store/queries/evidence.ts";
import { markWeighed } from "../../store/queries/late-runs.ts";
import { readLane } from "../../store/queries/lanes.ts";
import { lastGood, openDeployment, rollbacksTo } from "../../store/queries/live.ts";
import { insertDecision, readPromotion, runningPromotion } from "../../store/queries/promotions.ts";
import { glassOfPromotion } from "../../store/queries/break-glass.ts";
import type { CheckRunRow, Db, PromotionRow } from "../../store/schema.ts";
import { attestDecision, knownPlan } from "../attestations/attest-promotion.ts";
import { isAccepted } from "./check-runner.ts";
import type { Engine } from "../engine.ts";
import { acceptedChecks } from "../decisions/accepted.ts";
import { decisionAfter } from "../decisions/evidence.ts";
import { revoke } from "../returns/revoke.ts";
import { rollback } from "../returns/rollback.ts";
import type { Plan } from "../../model/plan.ts";

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
  const again = report.verdict === "error" && run.rescan === null && run.attempt <= demand.retries;
  // A rescan that could not look says nothing against what is live; one by the promotion itself was awaited.
  const said = run.rescan === null || report.verdict === "fail" || report.verdict === "warn";
  const bad =
    !again &&
    said &&
    !isAccepted(report.verdict, demand.allowWarn) &&
    !(await isWaived(engine, plan, run));
  if (!said && report.verdict !== "pass") await sayUnsaid(engine, promotion, run);
  if (bad && promotion.state === "complete") {
    const when = run.rescan === null ? "came late" : `was run again (${run.rescan})`;
    const reason = `check ${run.name} ${when}: ${report.verdict}: ${report.summary}`;
    await decideAgain(engine, promotion, plan, run, reason);
    if (plan.onLateFailure === "return") await giveBack(engine, promotion, plan, reason);
  }
  await markWeighed(engine.db, run.id);
  engine.signals.emit("change");
}

/** People accepted just that: what leaned on it stands. */
async function isWaived(engine: Engine, plan: Plan, run: CheckRunRow): Promise<boolean> {
  const now = new Date(await databaseTime(engine.db));
  const runs = await checkRunsOf(engine.db, run.promotion);
  const promotion = { id: run.promotion };
  if ((await acceptedChecks({ engine, plan, promotion, now }, runs)).has(run.name)) return true;
  // What people set aside when it went live they knew of: only what is worse than that comes late.
  const { used_at: usedAt } = (await glassOfPromotion(engine.db, run.promotion)) ?? {};
  if (!usedAt) return false;
  const then = await acceptedChecks({ engine, plan, promotion, now: usedAt }, runs);
  return then.get(run.name)?.includes("; SET ASIDE by ") ?? false;
}

/** Nobody must take it for clean: it is announced, and tried again after a rest. */
async function sayUnsaid(engine: Engine, promotion: PromotionRow, run: CheckRunRow): Promise<void> {
  await announce(engine.db, {
    kind: "check.late",
    service: promotion.service,
    environment: promotion.environment,
    promotion: promotion.id,
    message: `check ${run.name} could not look again at what is live: ${run.report?.verdict}: ${run.report?.summary}`,
  });
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
    // What listens while users are there is no ground of the gate before them: only its standing changes.
    if (run.phase !== "live" && !(await isDecided(tx, promotion.id, place))) {
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
    // A rollback to it made no decision of its own: what it leaned on is gone.
    for (const id of await rollbacksTo(tx, plan.lane, plan.release, plan.configuration)) {
      await revoke(engine, tx, id, reason);
    }
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

/**
 * Only while users meet what it brought, by itself or by a rollback to it; a second time there is nothing to
 * give back. Whatever keeps the traffic where it is, is announced.
 */
export async function giveBack(
  engine: Engine,
  promotion: PromotionRow,
  plan: Plan,
  reason: string,
): Promise<void> {
  const { lane } = plan;
  const live = await readLane(engine.db, lane);
  if (live?.live_release !== plan.release) return;
  try {
    if (live.live_configuration !== plan.configuration) {
      throw new TidelockError(
        "conflict",
        "the same release is live with another configuration, for which this was not decided",
      );
    }
    await rollback(engine, { id: "tidelock" }, lane, {
      ...(await furtherBack(engine, lane)),
      reason,
    });
  } catch (error) {
    const { message } = asTidelockError(error);
    await announce(engine.db, {
      kind: "check.late",
      service: promotion.service,
      environment: promotion.environment,
      promotion: promotion.id,
      message: `the traffic could not be given back by itself: ${message}`,
    });
  }
}

/** What a rollback brought is left by name alone: a bare second return is taken for a mistake. */
async function furtherBack(engine: Engine, lane: Lane): Promise<{ to?: string }> {
  const live = await openDeployment(engine.db, lane);
  if (live?.kind !== "rollback") return {};
  // Done again after a crash: the return that is under way is not asked for twice.
  const running = await runningPromotion(engine.db, lane);
  if (running?.kind === "rollback" && running.id !== live.promotion) return {};
  const good = await lastGood(engine.db, lane, live);
  return good ? { to: good.release } : {};
}
