import { describeRoute, sendsTo } from "../slots/route-spec.ts";
import { laneKey } from "../../model/primitives.ts";
import { done, failed, type StepDefinition } from "./step.ts";

/** A router that needs longer than this to do what it confirmed is not believed. */
const patienceMs = 5_000;

/** Read back what the router process itself does, not what it was told (law 7). */
export const verifyRoute: StepDefinition<"verify-route"> = {
  kind: "verify-route",
  async run(context, step) {
    const { router, plan } = context;
    if (!router) return done("nothing routes here");
    const observed = await router.read(laneKey(plan.lane));
    if (sendsTo(observed, step.colour)) {
      const backends = observed.effective?.colours[step.colour]?.backends ?? 0;
      return done(`the router sends everything to ${step.colour}, ${backends} backends`);
    }
    const since = context.step.started_at ?? context.now;
    const until = new Date(since.getTime() + patienceMs);
    if (context.now >= until) {
      return failed(
        `everything should go to ${step.colour}, and the router says ${describeRoute(observed)}`,
      );
    }
    return {
      kind: "wait",
      reason: `the router says ${describeRoute(observed)}`,
      who: "the router",
      until,
      againMs: context.engine.settings.pollMs,
    };
  },
};
