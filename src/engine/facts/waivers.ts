import type { GateFacts } from "../../model/gate-facts.ts";

/** Accepted risks that hold for this release here. Nobody can accept one yet. */
export async function waiverFacts(): Promise<GateFacts["waivers"]> {
  return [];
}
