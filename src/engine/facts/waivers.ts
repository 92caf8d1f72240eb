import type { GateFacts } from "../../model/gate-facts.ts";
import type { WaiversInput } from "../../policy/waived.ts";
import { heldIn } from "../waivers/held.ts";
import type { FactsSite } from "./site.ts";

/** Accepted risks that hold for this release here. */
export function waiverFacts(
  { plan, now }: Pick<FactsSite, "plan" | "now">,
  waivers: WaiversInput | undefined,
): GateFacts["waivers"] {
  if (waivers === undefined) return [];
  return heldIn(waivers, plan.release, now.toISOString()).map(({ id, of, until }) => ({
    id,
    of,
    endsInSeconds: Math.max(0, Math.floor((Date.parse(until) - now.getTime()) / 1_000)),
  }));
}
