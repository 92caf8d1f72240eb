import { laneKey, slotKey } from "../../model/primitives.ts";
import { registeredEnvironment } from "../../store/queries/catalogue.ts";
import { announce } from "../../store/queries/events.ts";
import { leaveOldColour } from "../../store/queries/live.ts";
import { Effects } from "./effect.ts";
import type { Engine } from "../engine.ts";
import { type Lease, withLease } from "./lease.ts";
import type { Seen } from "./look.ts";
import { sendsSomeTo } from "../slots/route-spec.ts";

/** The rollback window is over: the old colour goes. Answers whether there was one to retire. */
export async function retireOldColour(
  engine: Engine,
  lease: Lease,
  { lane, now }: Pick<Seen, "lane" | "now">,
): Promise<boolean> {
  if (!lane.old_colour || !lane.retire_at || lane.retire_at > now) return false;
  const environment = await registeredEnvironment(engine.db, lane.environment);
  if (!environment) return false;
  const target = engine.targetFor(environment.document.spec.target);
  const slot = { ...lease.lane, colour: lane.old_colour };
  const { router } = environment.document.spec;
  if (router.type !== "none") {
    // After a restore users may be where the record says that they have left: nothing is removed there.
    const route = await engine.routerFor(router).read(laneKey(lease.lane));
    if (sendsSomeTo(route, lane.old_colour)) return false;
  }
  const effects = new Effects(engine, lease, lease.fence.epoch);
  await effects.perform(
    {
      name: "retire",
      operation: `retire/${laneKey(lease.lane)}/${lane.retire_at.getTime()}`,
      detail: { slot: slotKey(slot), release: lane.old_release },
    },
    (effect) => target.destroy(effect, slot),
  );
  await withLease(engine, lease, async (tx) => {
    await effects.record(tx);
    await leaveOldColour(tx, lease.lane);
    await announce(tx, {
      kind: "lane.retired",
      ...lease.lane,
      message: `the rollback window is over: ${slot.colour} was removed`,
    });
  });
  return true;
}
