import { expect, it } from "vitest";
import { bucketOf, type UserTraffic } from "../../model/traffic.ts";
import { checkContext } from "../../../test/support/check-context.ts";
import { runCheck } from "../run.ts";
import { slo } from "./index.ts";

const zero: UserTraffic = {
  releaseName: "shop@2",
  since: 1,
  requests: 0,
  failed: 0,
  abandoned: 0,
  latency: [],
};
const before: UserTraffic = { ...zero, releaseName: "shop@1" };

/** Answers the given readings one after the other, then the last again and again. */
function run(
  readings: readonly Partial<UserTraffic>[],
  settings: Record<string, unknown> = {},
  previous: Partial<UserTraffic> = {},
) {
  let at = 0;
  const userTraffic = async () => {
    const reading = readings[Math.min(at++, readings.length - 1)];
    return { tested: { ...zero, ...reading }, other: { ...before, ...previous } };
  };
  const demand = { name: "slo", with: { window: "50ms", ...settings }, timeout: 60_000 };
  return runCheck(slo, checkContext({ userTraffic, timeoutMs: 60_000 }), demand);
}

const took = (ms: number, count: number): UserTraffic["latency"] => [[bucketOf(ms), count]];

it("passes when what users got in the window keeps every objective", async () => {
  const seen = { requests: 300, failed: 2, latency: took(20, 300) };
  const report = await run([{}, seen], { latency: { p50: 30, p99: 50 } });
  expect(report).toMatchObject({ verdict: "pass", summary: "3 objectives kept, 300 requests" });
});

it("counts what happened in the window, not what was before", async () => {
  const early = { requests: 500, failed: 400, latency: took(9_000, 500) };
  const later = { requests: 700, failed: 400, latency: [...took(5, 200), ...took(9_000, 500)] };
  expect(await run([early, later as never], { latency: { p99: 50 } })).toMatchObject({
    verdict: "pass",
  });
});

it("fails on too many errors, and on answers that are too late", async () => {
  const errors = await run([{}, { requests: 200, failed: 3, latency: took(5, 200) }]);
  expect(errors).toMatchObject({ verdict: "fail" });
  expect(errors.summary).toContain("3 of 200 requests failed (1.5 %, at most 1 %)");
  const slow = await run([{}, { requests: 200, latency: took(900, 200) }], {
    latency: { p95: 300 },
  });
  expect(slow).toMatchObject({ verdict: "fail" });
  expect(slow.summary).toContain("p95");
});

it("says so at once when it is certain, and does not wait for the window's end", async () => {
  const start = performance.now();
  const seen = { requests: 1_000, failed: 500, latency: took(5, 1_000) };
  expect(await run([{}, seen], { window: "55s" })).toMatchObject({ verdict: "fail" });
  expect(performance.now() - start).toBeLessThan(30_000);
});

it("proves nothing with too few requests; who allows it gets a warning instead", async () => {
  const seen = { requests: 99, latency: took(5, 99) };
  const report = await run([{}, seen]);
  expect(report).toMatchObject({ verdict: "inconclusive" });
  expect(report.summary).toContain("99 requests");
  expect(await run([{}, seen], { tooFew: "warn" })).toMatchObject({ verdict: "warn" });
  expect(await run([{}, { requests: 99, failed: 99 }], { tooFew: "warn" })).toMatchObject({
    verdict: "fail",
  });
});

it("compares with what users got from the release before, where that was enough to compare with", async () => {
  const wanted = { errors: 0.5, previous: { errors: 0.01, latency: 2 } };
  const old = { requests: 1_000, failed: 10, latency: took(10, 1_000) };
  const same = { requests: 200, failed: 2, latency: took(15, 200) };
  expect(await run([{}, same], wanted, old)).toMatchObject({ verdict: "pass" });
  expect(await run([{}, { ...same, failed: 9 }], wanted, old)).toMatchObject({ verdict: "fail" });
  expect(await run([{}, { ...same, latency: took(40, 200) }], wanted, old)).toMatchObject({
    verdict: "fail",
  });
  expect(await run([{}, same], wanted, { requests: 5 })).toMatchObject({ verdict: "warn" });
});

it("is an error when the count began anew in the middle, or nobody counts", async () => {
  expect(await run([{ requests: 5 }, { since: 2, requests: 400 }])).toMatchObject({
    verdict: "error",
  });
  const gone = await run([{}, { releaseName: null }]);
  expect(gone.summary).toContain("from shop@2 to nothing");
  const demand = { name: "slo", with: {}, timeout: 60_000 };
  const none = await runCheck(
    slo,
    checkContext({ userTraffic: async () => null, timeoutMs: 60_000 }),
    demand,
  );
  expect(none).toMatchObject({ verdict: "error" });
});

it("refuses a window that does not fit into its time limit", async () => {
  const report = await run([{}], { window: "2m" });
  expect(report).toMatchObject({ verdict: "error" });
  expect(report.summary).toContain("does not fit");
});
