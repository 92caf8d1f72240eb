import type { Grades } from "../model/decision.ts";
import type { GatePreset, IsolationGrade } from "../model/pipeline.ts";
import { type Ground, ground } from "./decide.ts";

const isolationOrder: readonly IsolationGrade[] = ["none", "separate-user", "sandbox"];
const presetOrder: readonly GatePreset[] = ["baseline", "strict"];

/** The stronger of two demands. */
export function strongerIsolation(a: IsolationGrade, b: IsolationGrade): IsolationGrade {
  return isolationOrder.indexOf(a) >= isolationOrder.indexOf(b) ? a : b;
}

export function stricterPreset(a: GatePreset, b: GatePreset): GatePreset {
  return presetOrder.indexOf(a) >= presetOrder.indexOf(b) ? a : b;
}

/** What a preset asks of the isolation, whatever the environment says. */
export function presetIsolation(preset: GatePreset): IsolationGrade {
  return preset === "strict" ? "separate-user" : "none";
}

/** What the machine must be able to claim, and what it claims (law 13). */
export function isolationGround(
  preset: GatePreset,
  minimum: IsolationGrade,
  actual: IsolationGrade,
): Ground {
  const wanted = strongerIsolation(minimum, presetIsolation(preset));
  if (isolationOrder.indexOf(actual) >= isolationOrder.indexOf(wanted)) {
    return ground("allow", "isolation", `services and checks run with isolation ${actual}`);
  }
  const message = `isolation is ${actual}, but ${wanted} is demanded here; \`tidelock doctor\` says what is missing on this machine`;
  return ground("deny", "isolation", message);
}

/** Whether it was shown which process answered the checks (law 10). */
export function identityGround(preset: GatePreset, identity: Grades["identity"]): Ground {
  if (identity !== "none") {
    return ground("allow", "identity", `the tested instances are ${identity} to the release`);
  }
  return preset === "strict"
    ? ground("deny", "identity", "nothing shows which process answered; the strict gate demands it")
    : ground("allow", "identity", "nothing shows which process answered the checks");
}

/** One person working alone is allowed, and said in every decision (law 5). */
export function governanceGround(governance: Grades["governance"]): Ground {
  return governance === "solo"
    ? ground("allow", "governance", "solo mode: nobody else has looked at this")
    : ground("allow", "governance", "team mode");
}
