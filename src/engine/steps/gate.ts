import type { ApprovalsInput } from "../../identity/approval/given.ts";
import { approvalsRule } from "../../policy/approvals.ts";
import type { Decided } from "../../policy/decide.ts";
import { decisionAtGate } from "../decisions/evidence.ts";
import type { StepContext, StepDefinition, StepResult } from "./step.ts";

/** Policy over evidence: allow, deny or wait, with every reason and a digest of every input. */
export const gate: StepDefinition<"gate"> = {
  kind: "gate",
  async run(context) {
    const { decided, holds } = await decisionAtGate(context, { ask: true });
    const result = resultOf(context, decided);
    return result.kind === "failed" ? result : { ...result, holds };
  },
};

/** Who can end a wait that only approvals make; null where something else waits too. */
function whoApproves({ decision, inputs }: Decided): string | null {
  const waits = decision.reasons.filter(({ outcome }) => outcome === "wait");
  if (waits.some(({ rule }) => rule !== approvalsRule)) return null;
  const { asks = [] } = (inputs["approvals"] ?? {}) as Partial<ApprovalsInput>;
  const roles = [...new Set(asks.flatMap((ask) => ask.roles))];
  return `somebody with the role ${roles.join(" or ")}, by signing: tidelock approval list`;
}

/** What a decision means for the step that asked for it. */
export function resultOf(context: StepContext, decided: Decided): StepResult {
  const { decision } = decided;
  const against = decision.reasons.filter((reason) => reason.outcome === decision.outcome);
  const message = against.map((reason) => reason.message).join("; ");
  switch (decision.outcome) {
    case "allow":
      return { kind: "done", message: "allowed", decided };
    case "break-glass":
      return { kind: "done", message: `NOT allowed by its evidence: ${message}`, decided };
    case "deny":
      return { kind: "failed", message: `denied: ${message}`, decided };
    case "wait": {
      const until = decision.until === undefined ? null : new Date(decision.until);
      const restMs = until ? until.getTime() - context.now.getTime() : 60_000;
      return {
        kind: "wait",
        reason: message,
        who: until ? "nobody: time ends it" : (whoApproves(decided) ?? "the owners of the gate"),
        until,
        againMs: Math.max(10, Math.min(restMs, 60_000)),
        forPeople: true,
      };
    }
  }
}
