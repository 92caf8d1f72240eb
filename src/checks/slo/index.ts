import { setTimeout as sleep } from "node:timers/promises";
import { TidelockError } from "../../model/errors.ts";
import { trafficBetween, type UserTraffic } from "../../model/traffic.ts";
import type { CheckReport } from "../../model/verdict.ts";
import type { Check, CheckContext } from "../../ports/check.ts";
import { requireWindowFits } from "../listening-window.ts";
import { judgeTraffic } from "./judge.ts";
import { SloConfiguration } from "./schema.ts";

/**
 * Service level objectives of the live colour: error share and latency of what real users got, by the router's
 * count of a window after the switch. It sends nothing.
 */
export const slo: Check<typeof SloConfiguration> = {
  id: "slo",
  schema: SloConfiguration,
  touch: "passive",
  cost: "expensive",
  disturbs: [],
  sensitiveTo: [],
  judgedBy: "itself",
  run: runSlo,
};

/** Between two readings, ms: what is bad is known this soon. */
const lookEvery = 1_000;
/** A budget that is broken early by fewer failing requests than this may still be kept in the end. */
const certain = 10;

interface Window {
  readonly seen: UserTraffic;
  readonly previous: UserTraffic;
}

async function runSlo(
  context: CheckContext,
  configuration: SloConfiguration,
): Promise<CheckReport> {
  const { window, minRequests } = configuration;
  requireWindowFits(window, context.timeoutMs);
  const start = await context.userTraffic?.();
  if (!start) return uncounted(configuration);
  const end = performance.now() + window;
  for (;;) {
    const rest = end - performance.now();
    if (rest > 0) await sleep(Math.min(rest, lookEvery), undefined, { signal: context.signal });
    const now = await context.userTraffic?.();
    if (!now) return broken("the router stopped counting");
    const seen = trafficBetween(start.tested, now.tested);
    if (seen === null) return broken(whyAnew(start.tested, now.tested));
    const over = performance.now() >= end;
    const enough = seen.requests >= minRequests;
    const report = judged({ seen, previous: now.other }, configuration);
    if (over || (enough && isCertain(report, seen))) return report;
  }
}

/** Bad enough to say so before the window is over: users are there. */
function isCertain({ verdict }: CheckReport, { failed }: UserTraffic): boolean {
  return verdict === "fail" && failed >= certain;
}

function judged({ seen, previous }: Window, configuration: SloConfiguration): CheckReport {
  const { minRequests, tooFew } = configuration;
  const results = judgeTraffic(
    seen,
    previous.releaseName === null ? null : previous,
    configuration,
  );
  const failing = results.find(({ verdict }) => verdict === "fail");
  const common = {
    // It sends none; how many users send is not ours to compare with the last time.
    exercised: { requests: 0, assertions: results.length, files: 0 },
    tools: { node: process.version },
    results,
  };
  if (failing)
    return { ...common, verdict: "fail", summary: `${failing.name}: ${failing.message}` };
  if (seen.requests < minRequests) {
    const summary = `users sent ${seen.requests} requests, and fewer than ${minRequests} say nothing`;
    return { ...common, verdict: tooFew, summary };
  }
  const warned = results.find(({ verdict }) => verdict === "warn");
  if (warned) return { ...common, verdict: "warn", summary: `${warned.name}: ${warned.message}` };
  return {
    ...common,
    verdict: "pass",
    summary: `${results.length} objectives kept, ${seen.requests} requests`,
  };
}

function uncounted({ tooFew }: SloConfiguration): CheckReport {
  if (tooFew === "warn") return nothing("warn", "no router counts what users get here");
  throw new TidelockError("unsupported", "no router counts what users get here", {
    fault: "operator",
    where: "router",
    hint: "give the environment a router, and use `phase: live`; a router that was started by an older version counts after its next restart",
  });
}

/** The count began anew in the middle: what happened is not known, so nothing is proven. */
function broken(why: string): CheckReport {
  return nothing("error", `${why} while users were looked at`);
}

function whyAnew(before: UserTraffic, after: UserTraffic): string {
  if (before.releaseName === after.releaseName) return "the router was started again";
  return `the colour went from ${before.releaseName ?? "nothing"} to ${after.releaseName ?? "nothing"}`;
}

function nothing(verdict: "warn" | "error", summary: string): CheckReport {
  return {
    verdict,
    summary,
    exercised: { requests: 0, assertions: 0, files: 0 },
    tools: { node: process.version },
    results: [],
  };
}
