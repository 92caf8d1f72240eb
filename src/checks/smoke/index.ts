import type { CheckReport, Verdict } from "../../model/verdict.ts";
import type { Check, CheckContext } from "../../ports/check.ts";
import { targetsOf } from "../targets.ts";
import { Look } from "./look.ts";
import { SmokeConfiguration } from "./schema.ts";

/**
 * A pack of quick security checks over HTTP: what any service should get right before it meets users. It
 * only reads, apart from odd addresses that a broken service may dislike.
 */
export const smoke: Check<typeof SmokeConfiguration> = {
  id: "smoke",
  schema: SmokeConfiguration,
  touch: "passive",
  cost: "cheap",
  disturbs: [],
  sensitiveTo: ["load", "availability"],
  judgedBy: "itself",
  purpose: "security",
  run: runSmoke,
};

type Result = CheckReport["results"][number];

async function runSmoke(
  context: CheckContext,
  configuration: SmokeConfiguration,
): Promise<CheckReport> {
  const targets = targetsOf(context, configuration.through);
  const results: Result[] = [];
  let requests = 0;
  for (const target of targets) {
    const look = new Look(context, configuration, target);
    results.push(...(await look.run()));
    requests += look.answered;
  }
  const judged = results.filter((result) => result.verdict !== "error").length;
  const verdict = worst(results);
  return {
    verdict,
    summary: summarise(verdict, results, targets.length),
    exercised: { requests, assertions: judged, files: 0 },
    tools: { node: process.version },
    results,
  };
}

const worstFirst: readonly Verdict[] = ["fail", "error", "warn", "pass"];

function worst(results: readonly Result[]): Verdict {
  return (
    worstFirst.find((verdict) => results.some((result) => result.verdict === verdict)) ??
    "inconclusive"
  );
}

function summarise(verdict: Verdict, results: readonly Result[], targets: number): string {
  if (targets === 0) return "there is no instance to ask";
  if (results.length === 0) return "every rule is off";
  const bad = results.filter((result) => result.verdict !== "pass");
  const first = results.find((result) => result.verdict === verdict);
  if (bad.length === 0 || first === undefined) return `${results.length} rules, all kept`;
  const others = bad.length > 1 ? ` (and ${bad.length - 1} more)` : "";
  return `${first.name}: ${first.message}${others}`;
}
