import type { PlanStep } from "../../model/plan.ts";
import { admit } from "./admit.ts";
import { check } from "./check.ts";
import { complete } from "./complete.ts";
import { deploy } from "./deploy.ts";
import { gate } from "./gate.ts";
import { proveIdentity } from "./prove-identity.ts";
import { ready } from "./ready.ts";
import type { StepContext, StepDefinition, StepResult } from "./step.ts";
import { stop } from "./stop.ts";
import { switchTraffic } from "./switch.ts";
import { verifyRoute } from "./verify-route.ts";
import { watch } from "./watch.ts";

/** Every kind of step that a plan of format 1 may name. */
const steps: { readonly [K in PlanStep["kind"]]: StepDefinition<K> } = {
  admit,
  check,
  deploy,
  ready,
  "prove-identity": proveIdentity,
  gate,
  stop,
  switch: switchTraffic,
  "verify-route": verifyRoute,
  watch,
  complete,
};

export function runStep(context: StepContext, step: PlanStep): Promise<StepResult> {
  const definition = steps[step.kind] as StepDefinition<PlanStep["kind"]>;
  return definition.run(context, step);
}
