import { type Colour, laneKey } from "../../model/primitives.ts";
import type { SlotObservation } from "../../ports/host-agent.ts";
import { releaseName } from "../../model/release.ts";
import { readRelease } from "../../store/queries/catalogue.ts";
import { describeRoute, sendsSomeTo } from "../slots/route-spec.ts";
import type { StepContext } from "../steps/step.ts";

/**
 * Users may meet what our rows do not know: after a restore of an older database the router still sends them
 * where it sent them before. What stands there is another promotion's, and nobody's to replace or remove.
 *
 * @returns what a person has to know and to do; null where the colour is free, or holds what is ours
 */
export async function whyUsersMeetAnother(
  context: StepContext,
  colour: Colour,
  { deployed }: SlotObservation,
): Promise<string | null> {
  const { engine, plan, lane, promotion, router } = context;
  if (!router || !deployed || deployed.generation.startsWith(`${promotion.id}/`)) return null;
  const key = laneKey(plan.lane);
  const route = await router.read(key);
  if (!sendsSomeTo(route, colour)) return null;
  const live = lane.live_release ? await readRelease(engine.db, lane.live_release) : undefined;
  const recorded = lane.live_colour
    ? `${live ? releaseName(live.content) : lane.live_release} is live on ${lane.live_colour}`
    : "nothing is live";
  return [
    `the record says that ${recorded}, but the router sends users to ${colour} (${describeRoute(route)}), where another promotion's ${deployed.releaseName} runs: ${colour} is left as it is.`,
    "The record is older than what runs, as after a restore: restore a newer backup,",
    `or accept that users get 503 for a while: \`tidelock service stop ${key}\`,`,
    `then \`tidelock promote ${plan.lane.service}@<version> --to ${plan.lane.environment}\``,
  ].join(" ");
}
