import { asTidelockError } from "../../model/errors.ts";
import type { CheckDemand, Environment } from "../../model/pipeline.ts";
import type { CheckReport } from "../../model/verdict.ts";
import { readPlan } from "../../strategies/plan.ts";
import { documentByDigest, readRelease } from "../../store/queries/catalogue.ts";
import { announce } from "../../store/queries/events.ts";
import { insertCheckRun, reportCheckRun } from "../../store/queries/evidence.ts";
import {
  claimLateRuns,
  holdLateRun,
  leaveLateRun,
  unweighedRuns,
} from "../../store/queries/late-runs.ts";
import { lockLane, readLane } from "../../store/queries/lanes.ts";
import { readPromotion, wakeWaiting } from "../../store/queries/promotions.ts";
import type { CheckRunRow } from "../../store/schema.ts";
import { sql } from "kysely";
import { attestCheckRun } from "../attestations/attest-promotion.ts";
import { carryOutFiles, type CheckSite } from "./check-runner.ts";
import type { Engine } from "../engine.ts";
import { taintLive } from "./tainted.ts";
import { weighLateRun } from "./weigh-late-run.ts";
import { laneKey } from "../../model/primitives.ts";

/**
 * Out-of-band checks: begun by a step, carried out by whichever server holds the run, and weighed when their
 * promotion has ended. All of it is in rows: a server that dies at any line loses nothing but time.
 *
 *   begun (row) --claim--> held --report--> reported --promotion ended--> weighed
 *     \------- the holder died: claimed again under the same id ------/
 */
export class LateChecks {
  readonly #engine: Engine;
  readonly #running = new Map<string, { readonly stop: AbortController; ended: Promise<void> }>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Takes up what nobody holds, and weighs what nobody has weighed. Cheap when there is nothing. */
  async look(): Promise<void> {
    const { engine, running } = { engine: this.#engine, running: this.#running };
    const { checksAtOnce, leaseMs } = engine.settings;
    const runs = await claimLateRuns(engine.db, engine.worker, {
      leaseMs,
      most: checksAtOnce - running.size,
    });
    for (const run of runs) {
      // Still ours: its lease had run out while this process was too busy to prolong it.
      if (running.has(run.id)) continue;
      const stop = new AbortController();
      const ended = this.#carryOut(run, stop).finally(() => running.delete(run.id));
      running.set(run.id, { stop, ended });
    }
    await taintLive(engine);
    for (const run of await unweighedRuns(engine.db)) await weighLateRun(engine, run);
  }

  async stop(): Promise<void> {
    for (const { stop } of this.#running.values()) stop.abort();
    await Promise.all([...this.#running.values()].map(({ ended }) => ended));
  }

  async #carryOut(run: CheckRunRow, stop: AbortController): Promise<void> {
    const engine = this.#engine;
    const { leaseMs } = engine.settings;
    const prolong = setInterval(() => {
      void holdLateRun(engine.db, run.id, engine.worker, leaseMs)
        .then((row) => row ?? stop.abort())
        .catch(() => undefined);
    }, leaseMs / 3);
    try {
      await engine.hooks?.reach("late:held");
      const site = await siteOf(engine, run);
      const demand = site.plan.checks.find((one) => one.name === run.name);
      if (!demand) throw new Error("its plan demands no such check");
      const report = await carryOutFiles(site, demand, run.id, stop);
      await engine.hooks?.reach("late:before-keep");
      if (!stop.signal.aborted) await keep(site, demand, run, report);
    } catch (error) {
      engine.notice(
        `the report of check ${run.id} was not kept: ${asTidelockError(error).message}`,
      );
    } finally {
      clearInterval(prolong);
      await leaveLateRun(engine.db, run.id, engine.worker).catch(() => undefined);
    }
  }
}

async function keep(
  site: CheckSite,
  demand: CheckDemand,
  run: CheckRunRow,
  report: CheckReport,
): Promise<void> {
  const { engine, plan, promotion } = site;
  await engine.db.transaction().execute(async (tx) => {
    // A gate that is being decided has either seen this report, or stands in the log before it.
    await lockLane(tx, plan.lane);
    if (!(await holdLateRun(tx, run.id, engine.worker, engine.settings.leaseMs))) return;
    await reportCheckRun(tx, plan.lane, run.id, report, (row) =>
      attestCheckRun(engine, tx, plan, demand, row),
    );
    if (report.verdict === "error" && run.rescan === null && run.attempt <= demand.retries) {
      const { id: _, report: __, started_at: ___, ended_at: ____, ...again } = run;
      const attempt = run.attempt + 1;
      await insertCheckRun(tx, {
        ...again,
        id: `${promotion.id}/${run.step}/${run.name}/${attempt}`,
        attempt,
        holder: null,
        holder_until: null,
        weighed_at: null,
      });
    }
    await announce(tx, {
      kind: "check.ended",
      ...plan.lane,
      promotion: promotion.id,
      message: `check ${run.name} (out of band): ${report.verdict}: ${report.summary}`,
    });
    // One that waits at its gate hears of it at once.
    await wakeWaiting(tx, plan.lane);
    await engine.wake(tx, plan.lane);
  });
  engine.signals.emit("change");
  engine.signals.emit("lane", plan.lane);
}

/** What a check has to know, read anew: it may be days since its promotion began it. */
async function siteOf(engine: Engine, run: CheckRunRow): Promise<CheckSite> {
  const promotion = await readPromotion(engine.db, run.promotion);
  if (!promotion) throw new Error("its promotion is gone");
  const plan = readPlan(promotion.plan);
  const [release, environment, lane, store] = await Promise.all([
    readRelease(engine.db, plan.release),
    documentByDigest<Environment>(engine.db, "Environment", plan.environment),
    readLane(engine.db, plan.lane),
    sql<{ incarnation: number }>`select incarnation from store`.execute(engine.db),
  ]);
  if (!release || !environment || !lane) throw new Error("its promotion names rows that are gone");
  // As whoever holds the lane now: it is nobody's effect on it, and must not look like an older one's.
  const fence = {
    lane: laneKey(plan.lane),
    incarnation: store.rows[0]?.incarnation ?? 0,
    epoch: lane.epoch,
  };
  return {
    engine,
    promotion,
    plan,
    release: release.content,
    environment,
    lane,
    lease: { lane: plan.lane, fence, holder: "" },
    target: engine.targetFor(environment.spec.target),
    router: null,
  };
}
