import type { LaneTraffic } from "../model/traffic.ts";
import type { EffectContext, Fencing } from "./target.ts";
import type { RouteObservation, RouteSpec } from "./host-agent.ts";

/** What moves traffic (law 7): set, verify by reading back, remove what we made. */
export interface Router {
  readonly id: string;
  readonly fencing: Fencing;
  /** Returns only when the router itself reports the new weights. */
  set(context: EffectContext, route: RouteSpec): Promise<RouteObservation>;
  read(lane: string): Promise<RouteObservation>;
  /** What users got, by the router's own count. */
  traffic(lane: string): Promise<LaneTraffic>;
  remove(context: EffectContext, lane: string): Promise<void>;
  /** Address at which the idle colour can be reached by a bearer of the header. */
  tester(
    lane: string,
    ttlMs: number,
  ): Promise<{ header: string; value: string; expiresAt: string }>;
}
