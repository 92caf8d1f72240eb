import { celEnv, parse, plan } from "@bufbuild/cel";
import type { GateFacts } from "../../../src/model/gate-facts.ts";
import type { PlannedRule } from "../../../src/model/gate-rule.ts";

/**
 * The same rules by a CEL engine of others, compiled before: it knows nothing of our facts' types and counts no steps.
 * Answers how to run all of them once; whether each let through is compared before anything is timed.
 */
export function peerRules(rules: readonly PlannedRule[]): (facts: GateFacts) => boolean {
  const env = celEnv();
  const planned = rules.map(({ require }) => plan(env, parse(require)));
  return (facts) => {
    const bindings = facts as unknown as Parameters<(typeof planned)[number]>[0];
    let holds = true;
    for (const run of planned) holds = run(bindings) === true && holds;
    return holds;
  };
}
