import { latencyQuantile, type UserTraffic } from "../../model/traffic.ts";
import type { CheckReport } from "../../model/verdict.ts";
import type { SloConfiguration } from "./schema.ts";

type Result = CheckReport["results"][number];

/**
 * What users got, held against each objective. Pure.
 *
 * @param previous what users got from the release before, since it came; null where that is unknown
 */
export function judgeTraffic(
  seen: UserTraffic,
  previous: UserTraffic | null,
  wanted: SloConfiguration,
): Result[] {
  const results = [errorsOf(seen, wanted.errors)];
  for (const [name, q] of quantiles) {
    const limit = wanted.latency[name];
    if (limit !== undefined) results.push(within(seen, { name, q, limit, of: "the objective" }));
  }
  const { errors, latency } = wanted.previous;
  if (errors === undefined && latency === undefined) return results;
  if (previous === null || previous.requests < wanted.minRequests) {
    const message = `the release before had ${previous?.requests ?? 0} requests of users here, ${wanted.minRequests} are needed to compare with it`;
    return [...results, { name: "release before", verdict: "warn", message }];
  }
  if (errors !== undefined) {
    const before = previous.failed / previous.requests;
    const name = "errors against the release before";
    results.push({ ...errorsOf(seen, Math.min(1, before + errors)), name });
  }
  const before = latencyQuantile(previous.latency, 0.95);
  if (latency !== undefined && before !== null) {
    const of = `${latency} times what it was before`;
    const limit = before * latency;
    results.push(within(seen, { name: "p95 against the release before", q: 0.95, limit, of }));
  }
  return results;
}

const quantiles = [
  ["p50", 0.5],
  ["p95", 0.95],
  ["p99", 0.99],
] as const;

function errorsOf({ requests, failed }: UserTraffic, limit: number): Result {
  const share = requests === 0 ? 0 : failed / requests;
  const message = `${failed} of ${requests} requests failed (${percent(share)}, at most ${percent(limit)})`;
  return { name: "errors", verdict: share > limit ? "fail" : "pass", message };
}

function within(
  { latency }: UserTraffic,
  { name, q, limit, of }: { name: string; q: number; limit: number; of: string },
): Result {
  const took = latencyQuantile(latency, q);
  if (took === null) return { name, verdict: "warn", message: "no request whose time was taken" };
  const message = `${took.toFixed(1)} ms, ${of} is ${limit.toFixed(1)} ms`;
  return { name, verdict: took > limit ? "fail" : "pass", message };
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2).replace(/\.?0+$/, "")} %`;
}
