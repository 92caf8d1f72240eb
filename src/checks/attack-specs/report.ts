import type { CheckReport, Verdict } from "../../model/verdict.ts";
import { redactor } from "../../model/redact.ts";
import type { Chosen } from "./choose.ts";
import { toCucumberJson } from "./cucumber-json.ts";
import type { Understood } from "./library.ts";
import type { Played } from "./play.ts";
import type { AttackSpecsConfiguration } from "./schema.ts";
import type { Spec } from "./sources.ts";
import type { Run } from "./world.ts";

interface Facts {
  readonly specs: readonly Spec[];
  readonly chosen: Chosen;
  readonly understood: readonly Understood[];
  readonly played: readonly Played[];
  /** Why nothing was begun: the demand promised to read only. */
  readonly refused: readonly string[];
  readonly run: Run | null;
  readonly noTarget: boolean;
}

/** A fail is shown first: it says something about the release. */
const worstFirst: readonly Verdict[] = ["fail", "error", "missing", "inconclusive"];

export function reportOf(
  configuration: AttackSpecsConfiguration,
  facts: Facts & { readonly library: number },
): CheckReport {
  const { specs, chosen, played, run } = facts;
  const hide = redactor([...(run?.hidden ?? [])].filter((text) => text.length >= 6)).clean;
  const results = [
    ...played.map(({ scenario, verdict, message }) => ({
      name: hide(`${scenario.feature}: ${scenario.name}`),
      verdict,
      message: hide(message),
    })),
    ...chosen.asked.map(({ feature, name, where, tags }) => ({
      name: `${feature}: ${name}`,
      verdict: "inconclusive" as const,
      message: `${where}: its tags (${tags.join(" ")}) ask to pass it over; only the demand does, by \`except\``,
    })),
    ...notBegun(facts),
  ];
  const verdict =
    worstFirst.find((one) => results.some((result) => result.verdict === one)) ??
    (played.length === 0 ? "inconclusive" : "pass");
  const scenarios = played.filter((one) => one.verdict === "pass" || one.verdict === "fail").length;
  const data = Object.fromEntries([
    ...specs
      .slice(0, 100)
      .map(({ file, sha256, owner }) => [`spec ${file} (${owner})`, `sha256:${sha256}`]),
    ...[...(run?.seen.programs ?? [])].map(([name, program]) => [`program ${name}`, program]),
    ...(chosen.leftOut.length === 0
      ? []
      : [
          [
            "left out by the demand",
            `${chosen.leftOut.length} scenarios (only: ${configuration.only.join(" ")}; except: ${configuration.except.join(" ")})`,
          ],
        ]),
  ]);
  return {
    verdict,
    summary: summaryOf(verdict, results, facts, scenarios),
    exercised: {
      requests: run?.seen.requests ?? 0,
      assertions: run?.seen.assertions ?? 0,
      files: 0,
      scenarios,
      routes: run?.seen.routes.size ?? 0,
      identities: run?.seen.people.size ?? 0,
    },
    tools: { node: process.version, "attack-specs": `${facts.library} steps` },
    data,
    results,
    suppressions: chosen.asked.map(({ file, line, tags }) => ({
      path: file.slice(0, 1_000),
      line,
      tool: "attack-specs",
      text: tags.join(" ").slice(0, 500),
    })),
    raw: {
      format: "cucumber-json",
      text: hide(toCucumberJson(played, chosen.asked)),
      truncated: false,
    },
  };
}

function notBegun({ understood, refused, noTarget }: Facts): CheckReport["results"] {
  const unclear = understood.flatMap((one) => (one.kind === "unclear" ? [one] : []));
  const results: CheckReport["results"] = unclear.map(({ scenario, why }) => ({
    name: `${scenario.feature}: ${scenario.name}`,
    verdict: "error",
    message: why,
  }));
  for (const why of refused) {
    results.push({
      name: "touch: passive",
      verdict: "error",
      message: `${why}, and the demand says \`touch: passive\``,
    });
  }
  if (noTarget) {
    results.push({
      name: "target",
      verdict: "inconclusive",
      message: "there is no instance to test",
    });
  }
  return results;
}

function summaryOf(
  verdict: Verdict,
  results: CheckReport["results"],
  { chosen, specs, run }: Facts,
  scenarios: number,
): string {
  const what = `${scenarios} scenarios of ${specs.length} files played, ${run?.seen.assertions ?? 0} expectations, ${run?.seen.requests ?? 0} requests`;
  const left =
    chosen.leftOut.length === 0 ? "" : `; ${chosen.leftOut.length} left out by the demand`;
  if (verdict === "pass") return `${what}, all as written${left}`;
  const bad = results.filter((result) => result.verdict !== "pass");
  const first = bad.find((result) => result.verdict === verdict);
  if (first === undefined) return `nothing was played: no scenario is left${left}`;
  const more = bad.length > 1 ? ` (and ${bad.length - 1} more)` : "";
  return `${first.name}: ${first.message}${more}; ${what}${left}`;
}
