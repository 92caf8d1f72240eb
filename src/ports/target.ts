import type { Fence, Slot } from "../model/primitives.ts";
import type { IdentityProof, SlotObservation, SlotSpec } from "./host-agent.ts";

/** How an adapter keeps a stale worker's effect out. `unfenced` is denied for targets and routers. */
export type Fencing = "fenced" | "preconditioned" | "unfenced";

export interface EffectContext {
  readonly fence: Fence;
  /** Deterministic id of this effect; the same id may arrive again. */
  readonly operation: string;
}

/** Where code runs. Every method may be called again at any time (law 8). */
export interface Target {
  readonly id: string;
  readonly fencing: Fencing;
  /** Starts `spec` on its slot, replacing what is there. Returns when the start is recorded, not when it is ready. */
  deploy(
    context: EffectContext,
    spec: SlotSpec,
    artifactPaths: ReadonlyMap<string, string>,
  ): Promise<void>;
  /** Stops and removes whatever the slot holds; an empty slot is fine. */
  destroy(context: EffectContext, slot: Slot): Promise<void>;
  observe(slot: Slot): Promise<SlotObservation>;
  prove(slot: Slot): Promise<IdentityProof>;
  /** What deploy would do, one line each, without doing it. */
  dryRun(spec: SlotSpec): Promise<readonly string[]>;
}
