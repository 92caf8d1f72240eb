import type { IdentityProof } from "../../ports/host-agent.ts";
import type { Plan } from "../../model/plan.ts";
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

function contradictionIn(proof: IdentityProof, plan: Plan): string | null {
  if (proof.release !== plan.release) {
    return `it runs ${proof.release}, and the plan says ${plan.release}`;
  }
  // Changed files are no missing proof but a proof of the contrary, whatever grade comes with them.
  if (!proof.treeVerified) {
    return `digest-mismatch: the unpacked files are not those of the release (${proof.reason})`;
  }
  if (proof.grade === "none") return null;
  const stranger = proof.instances.find((one) => one.port !== null && !one.ownsSocket);
  if (stranger) {
    return `port ${stranger.port} is answered by another process than pid ${stranger.pid}`;
  }
  return null;
}
