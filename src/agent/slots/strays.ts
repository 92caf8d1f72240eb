import { type Slot, laneKey } from "../../model/primitives.ts";
import { killUser } from "../os/process-table.ts";
import type { Parts } from "../parts.ts";
import { killUnrelated } from "../processes/sweep.ts";
import { laneOwner } from "./owner.ts";

/**
 * Both colours of a lane that keeps data share its number, which stays with the data. What has left its
 * session and its mark behind must not live on beside the next release, let alone after the last one.
 */
export function endStraysOfLane(parts: Parts, slot: Slot): void {
  const lane = laneKey(slot);
  const user = parts.users.numberOf(laneOwner(lane));
  if (user === null) return;
  const living = Object.values(parts.store.current.slots)
    .filter((one) => laneKey(one.slot) === lane)
    .flatMap(({ instances, retiring }) => [...instances, ...retiring])
    .filter((instance) => instance.user === user);
  if (living.length > 0) killUnrelated(parts.agentId, user, living);
  else if (!killUser(user)) throw new Error(`processes of user ${user} do not end`);
}
