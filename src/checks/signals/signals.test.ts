import { expect, it } from "vitest";
import type { RuntimeSignal } from "../../model/signal.ts";
import { checkContext } from "../../../test/support/check-context.ts";
import { runCheck } from "../run.ts";
import { signals } from "./index.ts";

const beat = (source: string): RuntimeSignal => ({
  source,
  id: `${source}-1`,
  kind: "heartbeat",
  severity: "info",
  message: "here",
  at: "2026-01-01T00:00:00.000Z",
});

function run(
  looks: readonly (readonly RuntimeSignal[])[],
  settings: Record<string, unknown> = {},
  timeoutMs = 60_000,
) {
  let at = 0;
  const runtimeSignals = async () => looks[Math.min(at++, looks.length - 1)] ?? [];
  const demand = {
    name: "signals",
    with: { sources: ["waf"], window: "50ms", ...settings },
    timeout: timeoutMs,
  };
  return runCheck(signals, checkContext({ runtimeSignals, timeoutMs }), demand);
}

it("passes when every source is there and nothing bad was reported", async () => {
  expect(await run([[beat("waf")]])).toMatchObject({ verdict: "pass" });
  const small = { ...beat("waf"), kind: "slow-query", severity: "low" } as const;
  expect(await run([[small]])).toMatchObject({ verdict: "pass" });
});

it("takes silence for nothing proven", async () => {
  const report = await run([[]]);
  expect(report).toMatchObject({ verdict: "inconclusive" });
  expect(report.summary).toContain("waf");
  const one = await run([[beat("waf")]], { sources: ["waf", "falco"] });
  expect(one.summary).toContain("falco: said nothing");
});

it("fails at once on a bad signal, whoever sent it, and warns as it is told", async () => {
  const bad = { ...beat("errors"), kind: "exfiltration", severity: "critical" } as const;
  const start = performance.now();
  const report = await run([[], [beat("waf"), bad]], { window: "55s" });
  expect(report).toMatchObject({ verdict: "fail" });
  expect(report.summary).toContain("errors: exfiltration: critical");
  expect(performance.now() - start).toBeLessThan(30_000);
  const warned = [beat("waf"), { ...bad, severity: "medium" as const }];
  expect(await run([warned])).toMatchObject({ verdict: "warn" });
  expect(await run([warned], { failOn: "medium" })).toMatchObject({ verdict: "fail" });
});

it("does not take a heartbeat that calls itself critical for a finding", async () => {
  expect(await run([[{ ...beat("waf"), severity: "critical" }]])).toMatchObject({
    verdict: "pass",
  });
});

it("refuses a window that does not fit into its time limit, and a demand without a source", async () => {
  expect((await run([[]], { window: "2m" })).summary).toContain("does not fit");
  expect(await run([[]], { sources: [] })).toMatchObject({ verdict: "error" });
});
