import type { GateFacts } from "../../model/gate-facts.ts";
import { decisiveEvidence } from "../../policy/evidence.ts";
import { standingWaivers } from "../../policy/waived.ts";
import type { Shown } from "./gather.ts";
import { type FactsSite, secondsSince } from "./site.ts";

/** What each demanded check has shown of exactly this, as the gate itself reads it. Pure. */
export function checkFacts(
  { plan, now }: Pick<FactsSite, "plan" | "now">,
  { subject, evidence, waivers }: Pick<Shown, "subject" | "evidence" | "waivers">,
): GateFacts["checks"] {
  const at = now.toISOString();
  const standing = standingWaivers({ subject, waivers, now: at });
  const found = plan.checks.flatMap((demand) => {
    const shown = decisiveEvidence(demand, subject, evidence, at, standing);
    if (shown === undefined) return [];
    const { requests, assertions, files } = shown.evidence.exercised;
    const ageSeconds = secondsSince(shown.evidence.at, now);
    const { uses, name } = demand;
    const fact = { uses, verdict: shown.verdict, ageSeconds, requests, assertions, files };
    return [[name, fact] as const];
  });
  return Object.fromEntries(found);
}
