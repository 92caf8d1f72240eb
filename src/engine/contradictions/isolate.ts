import { TidelockError } from "../../model/errors.ts";
import { type Lane, laneKey } from "../../model/primitives.ts";
import { registeredEnvironment } from "../../store/queries/catalogue.ts";
import { announce } from "../../store/queries/events.ts";
import { readLane } from "../../store/queries/lanes.ts";
import { currentStep, openPromotions, runningPromotion } from "../../store/queries/promotions.ts";
import { Effects } from "../lanes/effect.ts";
import type { Tx } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";
import { releaseLease, seizeLease, withLease } from "../lanes/lease.ts";
import { requestAbort } from "../promotions/abort.ts";
import { describeRoute, sendsTo, weightsTo } from "../slots/route-spec.ts";

/**
 * Takes a lane's traffic away from every colour: the router answers 503, and what runs goes on running, so that people can
 * look at it. A promotion or a return gives users something again. `later`: something is under way there, which ends
 * first, and what only waits is ended; `no-router`: users reach the processes without one.
 *
 * @throws TidelockError where the router does not do what it is told: it is tried again
 */
export async function isolate(
  engine: Engine,
  lane: Lane,
  reason: string,
): Promise<"done" | "later" | "no-router"> {
  const { db } = engine;
  const environment = await registeredEnvironment(db, lane.environment);
  const spec = environment?.document.spec.router;
  if (spec === undefined || spec.type === "none") return "no-router";
  const key = laneKey(lane);
  const router = engine.routerFor(spec);
  const { route } = await router.read(key);
  if (route === null) return "no-router";
  const lease = await db.transaction().execute(async (tx) => {
    await endWhatWaits(engine, tx, lane);
    if ((await openPromotions(tx, lane)).length > 0) return null;
    const row = await readLane(tx, lane);
    const seized = await seizeLease(engine, tx, lane);
    await engine.ledger.append(tx, {
      operation: `isolate/${seized.lease.fence.lane}/${seized.lease.fence.incarnation}.${seized.lease.fence.epoch}`,
      kind: "service.isolated",
      stream: key,
      actor: "tidelock",
      payload: { release: row?.live_release ?? null, reason: reason.slice(0, 1_000) },
    });
    return seized.lease;
  });
  if (lease === null) {
    engine.signals.emit("lane", lane);
    return "later";
  }
  try {
    const effects = new Effects(engine, lease, lease.fence.epoch);
    const operation = `isolate/${lease.fence.lane}/${lease.fence.incarnation}.${lease.fence.epoch}/close-route`;
    const nobody = { ...route, weights: weightsTo(null) };
    const seen = await effects.perform(
      { name: "close-route", operation, detail: { lane: key, weights: nobody.weights } },
      (effect) => router.set(effect, nobody),
    );
    if (!sendsTo(seen, null)) {
      throw new TidelockError("unavailable", `the router says ${describeRoute(seen)}`, {
        where: key,
      });
    }
    await withLease(engine, lease, async (tx) => {
      await effects.record(tx);
      await announce(tx, {
        kind: "lane.isolated",
        ...lane,
        message: `users of ${key} get 503: ${reason.slice(0, 1_000)}; promote or return something else: tidelock promote, tidelock rollback`,
      });
    });
  } finally {
    await releaseLease(engine, lease).catch(() => undefined);
  }
  return "done";
}

/** Whatever waits, for people, for an hour or at the line that is stopped for this, could keep users here for days. */
async function endWhatWaits(engine: Engine, tx: Tx, lane: Lane): Promise<void> {
  const running = await runningPromotion(tx, lane);
  if (running === undefined || (await currentStep(tx, lane))?.state !== "waiting") return;
  await requestAbort(engine, tx, running, "tidelock");
}
