import { type Slot, laneKey } from "../../model/primitives.ts";
import type { StateStore } from "../state/store.ts";

/**
 * Whether users depend on this colour: it has a share of the traffic, or the lane has no route here (a
 * worker, a foreign router), so that we cannot tell and rather keep it alive.
 */
export function isLive(store: StateStore, slot: Slot): boolean {
  const { route } = store.lane(laneKey(slot));
  return route === null || route.weights[slot.colour] > 0;
}
