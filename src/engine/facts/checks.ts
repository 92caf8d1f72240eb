import type { GateFacts } from "../../model/gate-facts.ts";
import { decisiveEvidence, type Evidence, type Subject } from "../../policy/evidence.ts";
import { type FactsSite, secondsSince } from "./site.ts";

/** What each demanded check has shown of exactly this, as the gate itself reads it. Pure. */
export function checkFacts(
  { plan, now }: Pick<FactsSite, "plan" | "now">,
  subject: Subject,
  evidence: readonly Evidence[],
): GateFacts["checks"] {
  const found = plan.checks.flatMap((demand) => {
    const shown = decisiveEvidence(demand, subject, evidence, now.toISOString());
    if (shown === undefined) return [];
    const { requests, assertions, files } = shown.evidence.exercised;
    const ageSeconds = secondsSince(shown.evidence.at, now);
    const { uses, name } = demand;
    const fact = { uses, verdict: shown.verdict, ageSeconds, requests, assertions, files };
    return [[name, fact] as const];
  });
  return Object.fromEntries(found);
}
