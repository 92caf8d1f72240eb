import { slotKey } from "../../model/primitives.ts";
import { routeSpec, sendsTo, weightsTo } from "../slots/route-spec.ts";
import { whyNotStopped } from "./still-allowed.ts";
import { done, type StepDefinition } from "./step.ts";

/** Strategy recreate: users get 503, then the old colour stops. The way back starts it again. */
export const stop: StepDefinition<"stop"> = {
  kind: "stop",
  async run(context, step) {
    const { plan, router, target, effects } = context;
    const notNow = await whyNotStopped(context);
    if (notNow) return notNow;
    if (router) {
      const route = routeSpec(plan, context.environment, weightsTo(null));
      if (!sendsTo(await router.read(route.lane), null)) {
        await effects.perform(
          {
            name: "close-route",
            operation: context.operation("close-route"),
            detail: { weights: route.weights },
          },
          (effect) => router.set(effect, route),
        );
      }
    }
    const slot = { ...plan.lane, colour: step.colour };
    const seen = await target.observe(slot);
    if (seen.deployed !== null || seen.state !== "empty") {
      await effects.perform(
        { name: "stop", operation: context.operation("stop"), detail: { slot: slotKey(slot) } },
        (effect) => target.destroy(effect, slot),
      );
    }
    return done(`${step.colour} has stopped`);
  },
};
