import { TidelockError } from "../../model/errors.ts";
import type { Plan } from "../../model/plan.ts";
import { type Colour, type Lane, laneKey } from "../../model/primitives.ts";
import type { Actor } from "../../ports/control-plane.ts";
import { scannersOf } from "../../pipeline-file/scanners.ts";
import type { RouteObservation } from "../../ports/host-agent.ts";
import { makePlan } from "../../strategies/plan.ts";
import { configurationByDigest, readRelease } from "../../store/queries/catalogue.ts";
import { revocationOf } from "../../store/queries/live.ts";
import { announce } from "../../store/queries/events.ts";
import {
  dbNow,
  dbNowPlus,
  insertPromotion,
  insertSteps,
  runningPromotion,
} from "../../store/queries/promotions.ts";
import type {
  ConfigurationRow,
  Db,
  LaneRow,
  Measured,
  PromotionRow,
  ReleaseRow,
} from "../../store/schema.ts";
import { stopChecks } from "../check-runs/check-runner.ts";
import { Effects, type Effect } from "../lanes/effect.ts";
import type { Engine } from "../engine.ts";
import { newPromotionId } from "../ids.ts";
import { type Lease, releaseLease, seizeLease, withLease } from "../lanes/lease.ts";
import { type LaneDocuments, laneDocuments } from "../promotions/plan-inputs.ts";
import { acceptedEntry, acceptedEvent, rowOf } from "../promotions/promote.ts";
import { liveOf } from "../lanes/queue.ts";
import { routeSpec, sendsTo, weightsTo } from "../slots/route-spec.ts";
import { recordSwitch } from "../steps/switch.ts";
import { finish, finishStep, stepsOfPlan } from "../lanes/transitions.ts";

/** All that a switch back needs, read before the clock matters. */
interface Prepared {
  readonly lane: Lane;
  readonly documents: LaneDocuments;
  readonly release: ReleaseRow;
  readonly configuration: ConfigurationRow;
}

interface Accepted {
  readonly lease: Lease;
  readonly promotion: PromotionRow;
  readonly plan: Plan;
  readonly effects: Effects;
  readonly effect: Effect;
}

/**
 * The fast way back: the old colour stands and is ready, so only the traffic moves. One transaction takes
 * a new epoch at once (it waits for nobody's lease), ends what was running, and writes the intent; then
 * the router is told, in this process; bookkeeping follows. Null: the old colour cannot take the traffic.
 *
 * @param acceptedAt `performance.now()` at which the server accepted the request (S0-21)
 */
export async function switchBack(
  engine: Engine,
  actor: Actor,
  row: LaneRow,
  reason: string,
  acceptedAt: number,
): Promise<PromotionRow | null> {
  const prepared = await prepare(engine, row);
  if (!prepared) return null;
  const { lane, documents } = prepared;
  const router = engine.routerFor(documents.environment.document.spec.router);
  const accepted = await engine.db
    .transaction()
    .execute((tx) => acceptAndSeize(engine, tx, actor, prepared, reason));
  const { plan, effects, effect, lease } = accepted;
  const to = toOf(plan);
  try {
    const route = routeSpec(plan, documents.environment.document, weightsTo(to));
    const observed = await effects.performRecorded(effect, (context) => router.set(context, route));
    const switchedMs = performance.now() - acceptedAt;
    if (sendsTo(observed, to)) {
      await book(engine, accepted, measured(observed, acceptedAt, switchedMs));
    }
  } catch (error) {
    // The row says that it runs and the intent is durable: whoever comes next goes on from there.
    engine.notice(`${laneKey(lane)}: the switch back goes on in the background: ${String(error)}`);
  }
  await releaseLease(engine, lease).catch(() => undefined);
  stopChecks(engine, lane);
  engine.signals.emit("change");
  engine.signals.emit("lane", lane);
  return accepted.promotion;
}

/** Reads, in parallel, whatever does not need the lane; null when the old colour is no way back. */
async function prepare(engine: Engine, row: LaneRow): Promise<Prepared | null> {
  const lane: Lane = { service: row.service, environment: row.environment };
  const { old_colour: colour, old_release: id, old_configuration: digest } = row;
  if (!colour || !id || !digest) return null;
  const [{ documents, seen }, release, configuration, worse] = await Promise.all([
    observed(engine, lane, colour),
    readRelease(engine.db, id),
    configurationByDigest(engine.db, lane, digest),
    revocationOf(engine.db, lane, id, digest),
  ]);
  if (!release || !configuration || worse) return null;
  if (seen.state !== "ready" || seen.deployed?.release !== id) return null;
  return { lane, documents, release, configuration };
}

async function observed(engine: Engine, lane: Lane, colour: Colour) {
  const documents = await laneDocuments(engine.db, lane);
  const target = engine.targetFor(documents.environment.document.spec.target);
  return { documents, seen: await target.observe({ ...lane, colour }) };
}

/**
 * One transaction, as short as it can be: epoch, end of what ran, the new row, its intent. No wake-up is
 * sent: the lane is ours, and whoever comes after us finds it when our lease has run out.
 */
async function acceptAndSeize(
  engine: Engine,
  tx: Db,
  actor: Actor,
  { lane, documents, release, configuration }: Prepared,
  reason: string,
): Promise<Accepted> {
  const { lease, row } = await seizeLease(engine, tx, lane);
  if (row.old_release !== release.id || row.old_configuration !== configuration.digest) {
    // Nothing of this transaction stays: the lane is as it was.
    throw new TidelockError("conflict", `${laneKey(lane)} has changed this very moment`, {
      retryable: true,
      where: laneKey(lane),
      hint: "look at its status and ask again",
    });
  }
  const plan = makePlan(
    {
      lane,
      release: release.id,
      configuration: configuration.digest,
      ...documents,
      live: liveOf(row),
      scannersOf: (checks) => scannersOf(checks, engine.checks),
    },
    "switch-back",
  );
  await endRunning(engine, tx, row);
  const id = newPromotionId();
  const acceptance = { actor, plan, release, configuration, reason };
  const promotion = await insertPromotion(tx, {
    ...rowOf(id, acceptance),
    state: "running",
    started_at: dbNow,
    deadline: dbNowPlus(plan.timeoutMs),
  });
  await insertSteps(tx, id, stepsOfPlan(plan), 0);
  const effects = new Effects(engine, lease, 1);
  const effect: Effect = {
    name: "switch",
    operation: `${id}/0/switch`,
    detail: { from: row.live_colour, to: toOf(plan), release: release.id },
  };
  await engine.ledger.append(tx, acceptedEntry(id, acceptance), effects.intentOf(effect));
  await announce(tx, acceptedEvent(id, acceptance));
  return { lease, promotion, plan, effects, effect };
}

/** What runs in the lane ends here: its traffic is what is being taken back, or its plan is void. */
async function endRunning(engine: Engine, tx: Db, lane: LaneRow): Promise<void> {
  const running = await runningPromotion(tx, lane);
  if (!running) return;
  const moved = lane.live_promotion === running.id;
  // Two people who ask for the same way back at once: the second one's request stands.
  const state = running.kind === "rollback" ? "superseded" : moved ? "rolled-back" : "aborted";
  await finish(engine, tx, running, state, "rolled back on request");
}

/** The bookkeeping after the fact: step, live colour, deployments, measured time. */
async function book(
  engine: Engine,
  { lease, promotion, plan, effects }: Accepted,
  figures: Measured,
): Promise<void> {
  const step = plan.steps[0];
  if (step?.kind !== "switch") return;
  await withLease(engine, lease, async (tx, lane) => {
    await effects.record(tx);
    await recordSwitch(engine, tx, lane, { promotion, plan, step, routed: true });
    await tx
      .updateTable("promotions")
      .set({ measured: JSON.stringify(figures) })
      .where("id", "=", promotion.id)
      .execute();
    const message = `traffic goes to ${step.to} after ${figures.switchedMs.toFixed(1)} ms`;
    await finishStep(engine, tx, promotion, { index: 0, title: "switch back" }, { message });
  });
}

/** Milliseconds from accepting, by the router's own account of its last switch. */
function measured(observed: RouteObservation, acceptedAt: number, switchedMs: number): Measured {
  const acceptedWall = performance.timeOrigin + acceptedAt;
  const last = observed.effective?.lastSwitch;
  const since = (at: number | null | undefined) => (at ? at - acceptedWall : null);
  return { switchedMs, firstOldMs: since(last?.firstNew), lastNewMs: since(last?.lastOld) };
}

function toOf(plan: Plan) {
  const step = plan.steps.find((one) => one.kind === "switch");
  if (step?.kind === "switch") return step.to;
  throw new TidelockError("internal", "a way back without a switch", { fault: "bug" });
}
