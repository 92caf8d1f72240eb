import type { SignalView } from "../api/routes/signals.ts";
import type { Lane } from "../model/primitives.ts";
import type { SignalInput } from "../model/signal.ts";
import type { Actor } from "./control-plane.ts";

/** What runtime controls see of releases. */
export interface SignalControl {
  /** `release`: version or digest; null: what is live. */
  add(actor: Actor, lane: Lane, release: string | null, signal: SignalInput): Promise<SignalView>;
  list(
    lane: Lane,
    filter: { readonly release: string | null; readonly limit: number },
  ): Promise<readonly SignalView[]>;
}
