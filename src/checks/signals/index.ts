import { setTimeout as sleep } from "node:timers/promises";
import { isAtLeast } from "../../model/observation.ts";
import { heartbeat, type RuntimeSignal } from "../../model/signal.ts";
import type { CheckReport } from "../../model/verdict.ts";
import type { Check, CheckContext } from "../../ports/check.ts";
import { requireWindowFits } from "../listening-window.ts";
import { SignalsConfiguration } from "./schema.ts";

/**
 * What runtime controls report of the release since its promotion began: a bad signal fails at once, and a source
 * that says nothing is not taken for one that saw nothing.
 */
export const signals: Check<typeof SignalsConfiguration> = {
  id: "signals",
  schema: SignalsConfiguration,
  touch: "passive",
  cost: "expensive",
  disturbs: [],
  sensitiveTo: [],
  purpose: "security",
  judgedBy: "itself",
  run: runSignals,
};

const lookEvery = 1_000;

async function runSignals(
  context: CheckContext,
  configuration: SignalsConfiguration,
): Promise<CheckReport> {
  const { window, sources } = configuration;
  requireWindowFits(window, context.timeoutMs);
  const end = performance.now() + window;
  for (;;) {
    const seen = (await context.runtimeSignals?.(sources)) ?? [];
    const report = judgeSignals(seen, configuration);
    const rest = end - performance.now();
    if (rest <= 0 || report.verdict === "fail") return report;
    await sleep(Math.min(rest, lookEvery), undefined, { signal: context.signal });
  }
}

/** Pure. */
function judgeSignals(
  seen: readonly RuntimeSignal[],
  { sources, failOn, warnOn }: SignalsConfiguration,
): CheckReport {
  const said = seen.filter(({ kind }) => kind !== heartbeat);
  const silent = sources.filter((source) => !seen.some((signal) => signal.source === source));
  const results = [
    ...said.map((signal): CheckReport["results"][number] => ({
      name: `${signal.source}: ${signal.kind}`,
      verdict: isAtLeast(signal.severity, failOn)
        ? "fail"
        : isAtLeast(signal.severity, warnOn)
          ? "warn"
          : "pass",
      message: `${signal.severity}: ${signal.message} (${signal.id}, ${signal.at})`,
    })),
    ...silent.map((source): CheckReport["results"][number] => ({
      name: source,
      verdict: "inconclusive",
      message: "said nothing of this release, not even that it is there",
    })),
  ];
  const first = (["fail", "inconclusive", "warn"] as const).flatMap(
    (verdict) => results.find((result) => result.verdict === verdict) ?? [],
  )[0];
  return {
    verdict: first?.verdict ?? "pass",
    summary: first
      ? `${first.name}: ${first.message}`
      : `${sources.length === 1 ? "the source is" : `all ${sources.length} sources are`} there, and nothing bad was reported`,
    // Sources that were heard: how much they report is not ours to compare with the last time.
    exercised: { requests: 0, assertions: sources.length - silent.length, files: 0 },
    tools: { node: process.version },
    results: results.slice(0, 200),
  };
}
