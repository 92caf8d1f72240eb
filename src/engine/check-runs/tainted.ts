import { isAtLeast } from "../../model/observation.ts";
import { printable } from "../../model/printable.ts";
import type { CheckReport } from "../../model/verdict.ts";
import { scanThresholds } from "../../ports/check.ts";
import { announce } from "../../store/queries/events.ts";
import { insertCheckRun, reportCheckRun } from "../../store/queries/evidence.ts";
import { lockLane } from "../../store/queries/lanes.ts";
import { readPromotion } from "../../store/queries/promotions.ts";
import { stillNewest } from "../../store/queries/rescans.ts";
import { type LateSignal, lateSignals, taintedBy } from "../../store/queries/tainted.ts";
import type { SignalRow } from "../../store/schema-signals.ts";
import { attestCheckRun, knownPlan } from "../attestations/attest-promotion.ts";
import type { Engine } from "../engine.ts";

/**
 * A bad signal about what is live is a late answer to the demand that listened when it came (law 3): it is written down
 * as one more run of that check, and weighed like every late answer. The decision is made again, what the promotion
 * brought is known to be worse, and where the pipeline says so the traffic goes back. Read out of rows each time, so
 * nothing has to survive a restart; a lane's lock and the run's id keep two servers from writing it twice.
 */
export async function taintLive(engine: Engine): Promise<void> {
  const answered = new Set<string>();
  for (const late of await lateSignals(engine.db)) {
    if (answered.has(late.run.id)) continue;
    if (await taint(engine, late)) answered.add(late.run.id);
  }
}

/** False when the signal is not bad enough for what the demand says. */
async function taint(engine: Engine, { signal, run }: LateSignal): Promise<boolean> {
  const promotion = await readPromotion(engine.db, run.promotion);
  const plan = promotion && knownPlan(promotion);
  const demand = plan?.checks.find(({ name }) => name === run.name);
  if (!plan || !demand) return false;
  const failOn = scanThresholds.failOn.safeParse(demand.with["failOn"]);
  if (!failOn.success || !isAtLeast(signal.severity, failOn.data)) return false;
  const attempt = run.attempt + 1;
  const id = `${run.promotion}/${run.step}/${run.name}/${attempt}`;
  await engine.db.transaction().execute(async (tx) => {
    await lockLane(tx, plan.lane);
    if (!(await stillNewest(tx, run))) return;
    await insertCheckRun(tx, {
      id,
      promotion: run.promotion,
      step: run.step,
      attempt,
      name: run.name,
      uses: run.uses,
      phase: run.phase,
      release: run.release,
      configuration: run.configuration,
      colour: run.colour,
      generation: run.generation,
      identity: "none",
      out_of_band: true,
      rescan: `${taintedBy}${signal.source}/${signal.signal}`,
    });
    const report = reportOf(signal);
    await reportCheckRun(tx, plan.lane, id, report, (row) =>
      attestCheckRun(engine, tx, plan, demand, row),
    );
    await announce(tx, {
      kind: "release.tainted",
      ...plan.lane,
      promotion: run.promotion,
      message: `what is live is not to be trusted any more: ${report.summary}`,
    });
  });
  return true;
}

function reportOf({ source, signal, kind, severity, message }: SignalRow): CheckReport {
  const words = `${severity}: ${printable(message, 500)} (${signal})`;
  return {
    verdict: "fail",
    summary: `${source}: ${kind}: ${words}, while it was live`,
    exercised: { requests: 0, assertions: 1, files: 0 },
    tools: {},
    results: [{ name: `${source}: ${kind}`, verdict: "fail", message: words }],
  };
}
