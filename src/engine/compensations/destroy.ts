import { type Colour, slotKey } from "../../model/primitives.ts";
import { whyUsersMeetAnother } from "../check-runs/met-by-users.ts";
import { done, type StepContext, type StepResult } from "../steps/step.ts";

/** Remove what the promotion had put on its colour: an idle colour without a release answers 503. */
export async function destroy(context: StepContext, colour: Colour): Promise<StepResult> {
  const { plan, target, effects, lane } = context;
  // What users meet is never removed, whatever a plan says.
  if (lane.live_colour === colour) return done(`${colour} is live and stays`);
  if (lane.old_colour === colour) return done(`${colour} still holds the way back and stays`);
  const slot = { ...plan.lane, colour };
  const seen = await target.observe(slot);
  if (await whyUsersMeetAnother(context, colour, seen)) {
    return done(`${colour} stays: the router sends users there, and it is another promotion's`);
  }
  if (seen.deployed !== null || seen.state !== "empty") {
    await effects.perform(
      { name: "destroy", operation: context.operation("destroy"), detail: { slot: slotKey(slot) } },
      (effect) => target.destroy(effect, slot),
    );
  }
  return done(`${colour} is empty`);
}
