import type { Environment } from "../../model/pipeline.ts";
import type { Plan } from "../../model/plan.ts";
import { type Colour, laneKey } from "../../model/primitives.ts";
import { TidelockError } from "../../model/errors.ts";
import type { RouteObservation, RouteSpec, Weights } from "../../ports/host-agent.ts";

/** All traffic to one colour; to none where the answer is 503. */
export function weightsTo(colour: Colour | null): Weights {
  return { blue: colour === "blue" ? 100 : 0, green: colour === "green" ? 100 : 0 };
}

/** The route of a plan's lane with these weights, as the environment's document declares it. */
export function routeSpec(plan: Plan, environment: Environment, weights: Weights): RouteSpec {
  const { router } = environment.spec;
  const listen = router.type === "embedded" ? router.listen[plan.lane.service] : undefined;
  if (router.type !== "embedded" || !listen) {
    throw new TidelockError(
      "invalid-input",
      `environment ${plan.lane.environment} has no address for ${plan.lane.service}`,
      {
        fault: "operator",
        where: `${plan.lane.environment}.spec.router.listen.${plan.lane.service}`,
        hint: `add \`${plan.lane.service}: 127.0.0.1:<port>\` there and apply the file again`,
      },
    );
  }
  return {
    lane: laneKey(plan.lane),
    listen,
    tls: router.tls ?? null,
    trustedProxies: router.trustedProxies,
    limits: router.limits,
    weights,
    drainMs: plan.drainMs,
  };
}

/** What the router itself says: does all traffic go to `colour`? */
export function sendsTo(observation: RouteObservation, colour: Colour | null): boolean {
  const actual = observation.effective?.weights;
  if (!actual) return false;
  const wanted = weightsTo(colour);
  return actual.blue === wanted.blue && actual.green === wanted.green;
}

/** Do users meet `colour`? Of a router that is silent it is what it was told and will do when it is back. */
export function sendsSomeTo({ route, effective }: RouteObservation, colour: Colour): boolean {
  return ((effective ?? route)?.weights[colour] ?? 0) > 0;
}

/** `blue 100, green 0`, or why there is nothing to say: what a person reads when it is not as it should be. */
export function describeRoute(observation: RouteObservation): string {
  const weights = observation.effective?.weights;
  if (weights) return `blue ${weights.blue}, green ${weights.green}`;
  return isSilent(observation) ? "nothing: it does not answer" : "there is no route";
}

/** There is a route, and the router is not there to say what it does: it may just be starting again. */
export function isSilent({ route, effective }: RouteObservation): boolean {
  return route !== null && effective === null;
}
