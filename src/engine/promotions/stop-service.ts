import { randomUUID } from "node:crypto";
import { asTidelockError } from "../../model/errors.ts";
import type { Environment } from "../../model/pipeline.ts";
import { type Lane, laneKey, slotKey } from "../../model/primitives.ts";
import type { Actor } from "../../ports/control-plane.ts";
import type { Target } from "../../ports/target.ts";
import { registeredEnvironment, removePipeline } from "../../store/queries/catalogue.ts";
import { announce } from "../../store/queries/events.ts";
import { lanesOf, readLane } from "../../store/queries/lanes.ts";
import { leaveOldColour, recordNothingLive, removeLane } from "../../store/queries/live.ts";
import { openPromotions } from "../../store/queries/promotions.ts";
import type { Db } from "../../store/schema.ts";
import { stopChecks } from "../check-runs/check-runner.ts";
import { Effects } from "../lanes/effect.ts";
import type { Engine } from "../engine.ts";
import { type Lease, releaseLease, seizeLease, withLease } from "../lanes/lease.ts";
import { nothingThere } from "./plan-inputs.ts";
import { finish } from "../lanes/transitions.ts";

/**
 * Stops what runs in a lane, on purpose: users get no answer from here on. What was promoted stays on
 * record, and a promotion brings it back. It waits for nobody's lease, and ends what was under way.
 */
export async function stopService(engine: Engine, actor: Actor, lane: Lane): Promise<string> {
  const row = await readLane(engine.db, lane);
  if (!row || row.removed_at) throw nothingThere(lane);
  const environment = await registeredEnvironment(engine.db, lane.environment);
  // Without the agent nothing can stop: then nothing is ended on paper either.
  await engine.agent.call("control.heartbeat", { server: engine.worker });
  const lease = await engine.db.transaction().execute(async (tx) => {
    const seized = await seizeLease(engine, tx, lane);
    await endOpen(engine, tx, lane, `${actor.id} stopped the service`);
    await engine.ledger.append(tx, {
      operation: operationOf(seized.lease),
      kind: "service.stop-wanted",
      stream: laneKey(lane),
      actor: actor.id,
      payload: { release: row.live_release },
    });
    return seized.lease;
  });
  stopChecks(engine, lane);
  try {
    await empty(engine, lease, environment?.document);
    await withLease(engine, lease, async (tx) => {
      await recordNothingLive(tx, lane);
      await leaveOldColour(tx, lane);
      await announce(tx, {
        kind: "lane.stopped",
        ...lane,
        message: `${actor.id} stopped ${laneKey(lane)}`,
      });
    });
  } finally {
    await releaseLease(engine, lease).catch(() => undefined);
  }
  return `${laneKey(lane)} has stopped; a promotion starts it again`;
}

/** Traffic first, then the processes; every effect on record before it happens. */
async function empty(
  engine: Engine,
  lease: Lease,
  environment: Environment | undefined,
): Promise<void> {
  if (!environment) return;
  const { lane } = lease;
  const effects = new Effects(engine, lease, lease.fence.epoch);
  if (environment.spec.router.type !== "none") {
    const router = engine.routerFor(environment.spec.router);
    const observed = await router.read(laneKey(lane));
    if (observed.route !== null) {
      const operation = `${operationOf(lease)}/remove-route`;
      await effects.perform({ name: "remove-route", operation, detail: {} }, (effect) =>
        router.remove(effect, laneKey(lane)),
      );
    }
  }
  const target = engine.targetFor(environment.spec.target);
  for (const colour of ["blue", "green"] as const) {
    await destroySlot(effects, target, lease, colour);
  }
  await withLease(engine, lease, (tx) => effects.record(tx));
}

async function destroySlot(
  effects: Effects,
  target: Target,
  lease: Lease,
  colour: "blue" | "green",
): Promise<void> {
  const slot = { ...lease.lane, colour };
  const seen = await target.observe(slot);
  if (seen.deployed === null && seen.state === "empty") return;
  await effects.perform(
    {
      name: "stop",
      operation: `${operationOf(lease)}/stop-${colour}`,
      detail: { slot: slotKey(slot) },
    },
    (effect) => target.destroy(effect, slot),
  );
}

/** Stopping is no promotion: the epoch it took makes its operations unique. */
function operationOf({ fence }: Lease): string {
  return `stop/${fence.lane}/${fence.incarnation}.${fence.epoch}`;
}

async function endOpen(engine: Engine, tx: Db, lane: Lane, message: string): Promise<void> {
  for (const open of await openPromotions(tx, lane)) {
    await finish(engine, tx, open, "aborted", message);
  }
}

/** Stops a service everywhere and forgets its lanes; releases and history stay. */
export async function removeService(
  engine: Engine,
  actor: Actor,
  service: string,
): Promise<string> {
  const lanes = await lanesOf(engine.db, service);
  if (lanes.length === 0) throw nothingThere({ service, environment: "<environment>" });
  for (const row of lanes) {
    const lane: Lane = { service: row.service, environment: row.environment };
    await stopService(engine, actor, lane);
    await forget(engine, lane);
  }
  await engine.db.transaction().execute(async (tx) => {
    await removePipeline(tx, service, actor.id);
    await engine.ledger.append(tx, {
      operation: `remove/${service}/${randomUUID()}`,
      kind: "service.removed",
      stream: "system",
      actor: actor.id,
      payload: { service },
    });
    await announce(tx, {
      kind: "service.removed",
      service,
      message: `${actor.id} removed ${service}`,
    });
  });
  engine.signals.emit("change");
  const count = lanes.length === 1 ? "1 environment" : `${lanes.length} environments`;
  return `${service} was removed from ${count}; its releases and its history stay`;
}

/** The agent drops what it keeps for the lane; our row stays, because its epoch must never go back. */
async function forget(engine: Engine, lane: Lane): Promise<void> {
  const lease = await engine.db
    .transaction()
    .execute(async (tx) => (await seizeLease(engine, tx, lane)).lease);
  try {
    const effects = new Effects(engine, lease, lease.fence.epoch);
    const operation = `${operationOf(lease)}/forget`;
    await effects.perform({ name: "forget", operation, detail: {} }, (effect) =>
      engine.agent.call("lane.forget", effect),
    );
    await withLease(engine, lease, async (tx) => {
      await effects.record(tx);
      await removeLane(tx, lane);
    });
  } finally {
    await releaseLease(engine, lease).catch(() => undefined);
  }
}

/** Stops every service and the agent of this data directory. */
export async function down(engine: Engine, actor: Actor): Promise<string> {
  const lanes = await lanesOf(engine.db);
  let stopped = 0;
  for (const row of lanes) {
    const open = await openPromotions(engine.db, row);
    if (!row.live_colour && !row.old_colour && open.length === 0) continue;
    await stopService(engine, actor, { service: row.service, environment: row.environment });
    stopped += 1;
  }
  try {
    await engine.agent.call("agent.shutdown", { stopServices: true });
  } catch (error) {
    // Gone already is what was wanted.
    if (asTidelockError(error).code !== "unavailable") throw error;
  }
  return stopped === 1 ? "1 service was stopped" : `${stopped} services were stopped`;
}
