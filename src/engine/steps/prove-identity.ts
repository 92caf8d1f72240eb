import { contradictionIn } from "../../policy/identity.ts";
import { failed, type StepDefinition } from "./step.ts";

/**
 * A test proves whom it tested (law 10): the agent shows that the sockets belong to processes it started
 * from this digest, and computes the tree's digest again. A grade `none` is recorded for the gate to
 * judge; a proof that contradicts the plan ends the promotion.
 */
export const proveIdentity: StepDefinition<"prove-identity"> = {
  kind: "prove-identity",
  async run({ plan, target }, step) {
    const proof = await target.prove({ ...plan.lane, colour: step.colour });
    const contradiction = contradictionIn(proof, plan);
    if (contradiction) return failed(`identity of ${step.colour}: ${contradiction}`);
    const message =
      proof.grade === "none"
        ? `identity is not proven: ${proof.reason}`
        : `identity is ${proof.grade}: ${proof.instances.length} processes run from this digest`;
    return { kind: "done", message, detail: { grade: proof.grade } };
  },
};
