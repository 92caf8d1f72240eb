import { slotKey } from "../../model/primitives.ts";
import { leaveOldColour } from "../../store/queries/live.ts";
import { bindingsDifference } from "../slots/bindings.ts";
import { whyUsersMeetAnother } from "../check-runs/met-by-users.ts";
import { routeSpec, weightsTo } from "../slots/route-spec.ts";
import { configurationOf, type Occupant, slotSpec, verifiedArtifacts } from "../slots/slot-spec.ts";
import { whyNotStarted } from "./still-allowed.ts";
import { done, failed, type StepContext, type StepDefinition, type StepOf } from "./step.ts";

/**
 * Start the release on its colour; whatever was there is replaced, never edited (S2-03). With isolated
 * bindings the instances are for tests; with live ones they are fresh, and the difference is listed.
 */
export const deploy: StepDefinition<"deploy"> = {
  kind: "deploy",
  async run(context, step) {
    const { plan, target } = context;
    const occupant = occupantOf(context, step);
    const slot = { ...plan.lane, colour: step.colour };
    const before = await target.observe(slot);
    // Before the route as well: what it does with users is not ours to change either.
    const met = await whyUsersMeetAnother(context, step.colour, before);
    if (met) return failed(met);
    const notStarted = await whyNotStarted(context);
    if (notStarted) return notStarted;
    await openRoute(context);
    if (before.deployed?.generation === occupant.generation) {
      context.effects.found({ operation: context.operation("deploy") });
      return done(`${occupant.release.version} is on ${step.colour}`);
    }
    const configuration = await configurationOf(context.engine, plan, plan.configuration);
    const changed = step.bindings === "live" ? bindingsDifference(configuration) : [];
    const paths = await verifiedArtifacts(context.engine, context.release);
    const spec = await slotSpec(context.engine, plan, occupant);
    const detail = {
      slot: slotKey(slot),
      release: occupant.id,
      configuration: occupant.configuration,
      bindings: step.bindings,
      artifacts: spec.artifacts.map((artifact) => artifact.digest),
      // Names only (law 11): the values stay with the target.
      changedBindings: [...changed],
    };
    await context.effects.perform(
      {
        name: `deploy-${step.bindings}`,
        operation: context.operation("deploy"),
        detail,
        // From here on the colour is ours: what stood on it is no way back any more.
        onIntent: (tx, lane) =>
          lane.old_colour === step.colour ? leaveOldColour(tx, plan.lane) : Promise.resolve(),
      },
      (effect) => target.deploy(effect, spec, paths),
    );
    const difference =
      changed.length === 0 ? "" : `; live instead of isolated: ${changed.join(", ")}`;
    return done(`${occupant.release.version} is starting on ${step.colour}${difference}`);
  },
};

function occupantOf(context: StepContext, step: StepOf<"deploy">): Occupant {
  return {
    colour: step.colour,
    id: context.plan.release,
    release: context.release,
    configuration: context.plan.configuration,
    bindings: step.bindings,
    generation: generationOf(context, step.bindings),
  };
}

/** The instances of one promotion under test and those that users meet are two generations. */
export function generationOf(context: StepContext, bindings: "isolated" | "live"): string {
  return `${context.promotion.id}/${bindings}`;
}

/**
 * The first release of a lane finds no route: make one that answers 503, so that a port in use is known
 * before anything is tested, and a tester can reach the idle colour.
 */
async function openRoute(context: StepContext): Promise<void> {
  const { plan, router, lane } = context;
  if (!router || lane.live_colour) return;
  const route = routeSpec(plan, context.environment, weightsTo(null));
  const observation = await router.read(route.lane);
  if (observation.route?.listen === route.listen && observation.effective) return;
  await context.effects.perform(
    {
      name: "open-route",
      operation: context.operation("open-route"),
      detail: { listen: route.listen, weights: route.weights },
    },
    (effect) => router.set(effect, route),
  );
}
