import { laneKey, slotKey } from "../../model/primitives.ts";
import type { StoredSpec } from "./spec.ts";

/**
 * Whose number a deployment runs under. Each has its own, so that an attacked one can leave nothing to
 * its successor; but live deployments that keep data share the lane's, as both colours own that data.
 */
export function ownerOf(spec: StoredSpec): string {
  return keepsData(spec) && spec.bindings === "live"
    ? laneOwner(laneKey(spec.slot))
    : `${slotKey(spec.slot)}#${spec.generation}`;
}

export function laneOwner(lane: string): string {
  return `lane:${lane}`;
}

/** A deployment without processes is one that scripts install: what they keep is theirs to decide. */
function keepsData(spec: StoredSpec): boolean {
  const processes = Object.values(spec.processes);
  return processes.length === 0 || processes.some((process) => process.state);
}
