import { describe, expect, it } from "vitest";
import type { CheckReport } from "../../model/verdict.ts";
import { judgeReport } from "./judge-report.ts";

function scan(text: string, change: Partial<CheckReport> = {}): CheckReport {
  return {
    verdict: "pass",
    summary: "the scan ran to its end",
    exercised: { requests: 0, assertions: 0, files: 1 },
    tools: { scan: "1.0" },
    results: [],
    raw: { format: "sarif", text, truncated: false },
    ...change,
  };
}

function sarif(count: number, level = "error", message = "bad"): string {
  const results = Array.from({ length: count }, (_, index) => ({
    ruleId: `r${index % 7}`,
    level,
    message: { text: message },
  }));
  return JSON.stringify({
    version: "2.1.0",
    runs: [{ tool: { driver: { name: "scan" } }, results }],
  });
}

describe("judging by the raw report", () => {
  it("fails for a hit, with what stood in the report", async () => {
    const report = await judgeReport(scan(sarif(2)), {});
    expect(report).toMatchObject({ verdict: "fail", counts: { high: 2 } });
    expect(report.observations).toHaveLength(2);
  });

  it("holds the hits against the demand's thresholds", async () => {
    const text = sarif(1, "warning");
    expect((await judgeReport(scan(text), { failOn: "medium" })).verdict).toBe("fail");
    expect((await judgeReport(scan(text), {})).verdict).toBe("warn");
    expect((await judgeReport(scan(text), { warnOn: "high" })).verdict).toBe("pass");
  });

  it.each([
    ["is missing", { raw: undefined }, "no raw report"],
    ["was cut", { raw: { format: "sarif", text: sarif(0), truncated: true } }, "was cut"],
    ["has no parser", { raw: { format: "novel", text: "{}", truncated: false } }, "no parser"],
    [
      "is binary garbage",
      { raw: { format: "sarif", text: "\u0000\uFFFD\u0001", truncated: false } },
      "cannot be read",
    ],
    [
      "fits another format",
      { raw: { format: "sarif", text: "{}", truncated: false } },
      "does not fit",
    ],
  ] as const)("is error when it %s", async (_, change, why) => {
    const report = await judgeReport(scan("", change as Partial<CheckReport>), {});
    expect(report.verdict).toBe("error");
    expect(report.summary).toContain(why);
  });

  it("leaves a verdict that is no pass as it was", async () => {
    expect((await judgeReport(scan("{", { verdict: "missing" }), {})).verdict).toBe("missing");
  });
});

describe("a hostile raw report", () => {
  it("of 16 MiB is read whole while the event loop goes on", async () => {
    const text = sarif(40_000, "note", "x".repeat(350));
    expect(text.length).toBeGreaterThan(15 * 1024 * 1024);
    let longest = 0;
    let last = performance.now();
    const ticks = setInterval(() => {
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
    }, 5);
    const report = await judgeReport(scan(text), {});
    clearInterval(ticks);
    expect(report).toMatchObject({ verdict: "pass", counts: { low: 40_000 } });
    expect(longest).toBeLessThan(1_000);
  });

  it("that takes too long is error", async () => {
    const limits = { timeoutMs: 1, memoryMb: 256 };
    const report = await judgeReport(scan(sarif(20_000)), {}, limits);
    expect(report).toMatchObject({ verdict: "error" });
    expect(report.summary).toContain("could not be read within");
  });

  it("that eats memory is error, and the server lives on", async () => {
    const report = await judgeReport(scan(sarif(60_000)), {}, { timeoutMs: 60_000, memoryMb: 16 });
    expect(report.verdict).toBe("error");
    expect(report.summary).toContain("16 MB");
  });

  it("that is nested deeper than any stack is error", async () => {
    const report = await judgeReport(scan("[".repeat(4_000_000)), {});
    expect(report.verdict).toBe("error");
  });
});
