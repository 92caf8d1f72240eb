import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { severities, Severity } from "../model/observation.ts";
import type { CheckReport } from "../model/verdict.ts";
import { Verdict } from "../model/verdict.ts";
import { countHits, judge, keptObservations } from "./judge.ts";
import { observe } from "./observe.ts";

const whole: CheckReport = {
  verdict: "pass",
  summary: "",
  exercised: { requests: 0, assertions: 0, files: 3 },
  tools: {},
  results: [],
};
const defaults = { failOn: "high", warnOn: "medium" } as const;

function hits(...found: readonly Severity[]) {
  return found.map((severity, index) =>
    observe({
      rule: `r${index}`,
      severity,
      place: { kind: "file", path: "a.js", line: index + 1 },
    }),
  );
}

const judged = (found: readonly Severity[], report = whole, complete = true) =>
  judge(report, countHits({ observations: hits(...found), complete }), defaults);

describe("judging a scan", () => {
  it("judges only what is new where the configuration compares with the live release, and counts all", () => {
    const found = countHits({
      observations: hits("high", "medium").map((one) => ({ ...one, unchanged: true })),
      complete: true,
    });
    expect(judge(whole, found, defaults).verdict).toBe("fail");
    const compared = judge(whole, found, { ...defaults, baseline: "live" });
    expect(compared).toMatchObject({ verdict: "pass", counts: { high: 1, medium: 1 } });
    const fresh = countHits({
      observations: [...found.worst, ...hits("high")],
      complete: true,
    });
    expect(judge(whole, fresh, { ...defaults, baseline: "live" }).verdict).toBe("fail");
  });

  it.each([
    [[], "pass"],
    [["low", "info"], "pass"],
    [["medium"], "warn"],
    [["medium", "high"], "fail"],
    [["critical"], "fail"],
  ] as const)("%j is %s", (found, verdict) => {
    expect(judged(found).verdict).toBe(verdict);
  });

  it("fails for a hit that the tool marks as suppressed, and says so", () => {
    const observations = hits("high").map((one) => ({ ...one, suppressed: true }));
    const report = judge(whole, countHits({ observations, complete: true }), defaults);
    expect(report.verdict).toBe("fail");
    expect(report.summary).toContain("1 marked as suppressed");
  });

  it("is partial when the report says that something was left out", () => {
    expect(judged(["low"], whole, false).verdict).toBe("partial");
  });

  it("lets no error be tried again over what was found", () => {
    expect(judged(["critical"], { ...whole, verdict: "error" }).verdict).toBe("fail");
    expect(judged(["medium"], { ...whole, verdict: "error" }).verdict).toBe("error");
  });

  it("names how many there were, and the first of the worst with its place", () => {
    expect(judged(["low", "high", "high"]).summary).toBe(
      "2 hits at high or worse, of 2 high, 1 low; the first: r1 (a.js:2)",
    );
  });

  it("keeps the worst ones, whatever stood before them", () => {
    const many = [...Array.from({ length: 2_000 }, () => "info" as const), "critical" as const];
    const report = judged(many);
    expect(report.observations).toHaveLength(keptObservations);
    expect(report.observations?.[0]?.severity).toBe("critical");
    expect(report.counts).toEqual({ info: 2_000, critical: 1 });
  });

  it("believes the adapter's count of what was exercised before the report's", () => {
    const found = countHits({
      observations: [],
      complete: true,
      exercised: { files: 9, routes: 4 },
    });
    expect(judge(whole, found, defaults).exercised).toMatchObject({ files: 3, routes: 4 });
  });
});

const severity = fc.constantFrom(...Severity.options);

describe("for any scan", () => {
  it("more hits never make a verdict better, and nothing but a whole pass passes", () => {
    const rank = (verdict: Verdict) => (verdict === "pass" ? 0 : verdict === "warn" ? 1 : 2);
    fc.assert(
      fc.property(
        fc.array(severity, { maxLength: 20 }),
        severity,
        fc.constantFrom(...Verdict.options),
        fc.boolean(),
        severity,
        severity,
        (found, another, said, complete, failOn, warnOn) => {
          const of = (list: readonly Severity[]) =>
            judge(
              { ...whole, verdict: said },
              countHits({ observations: hits(...list), complete }),
              {
                failOn,
                warnOn,
              },
            ).verdict;
          expect(rank(of([...found, another]))).toBeGreaterThanOrEqual(rank(of(found)));
          if (of(found) === "pass") {
            expect({ said, complete }).toEqual({ said: "pass", complete: true });
            const bad = found.filter(
              (one) => severities.indexOf(one) <= severities.indexOf(failOn),
            );
            expect(bad).toEqual([]);
          }
        },
      ),
    );
  });
});
