import type { Page } from "../model/principal.ts";
import type { StopView, WindowView } from "../api/routes/stops.ts";
import type { StopId } from "../model/stop.ts";
import type { Actor } from "./control-plane.ts";

/** When releases may go to users, and what somebody has stopped. */
export interface StopControl {
  /** Throws `not-found` for a service or environment that nobody registered, `invalid-input` for what is no scope. */
  stopLine(actor: Actor, scope: string, reason: string): Promise<StopView>;
  /** Throws `not-found`; `conflict` where the same content is banned already. */
  ban(
    actor: Actor,
    of: {
      readonly service: string;
      readonly release: string;
      /** Names of artifacts; default: what is the release's own. */
      readonly artifacts?: readonly string[] | undefined;
    },
    reason: string,
  ): Promise<StopView>;
  /** Throws `conflict` when it was cleared before. */
  clear(actor: Actor, id: StopId, reason: string): Promise<StopView>;
  list(filter: { readonly cleared: boolean } & Pick<Page, "sees">): Promise<readonly StopView[]>;
  windows(filter: {
    readonly environment: string | null;
    readonly service: string | null;
  }): Promise<readonly WindowView[]>;
}
