import { describe, expect, it } from "vitest";
import type { CheckReport, Exercised } from "../model/verdict.ts";
import { holdToExercised } from "./exercised.ts";

function report(
  exercised: Partial<Exercised>,
  verdict: CheckReport["verdict"] = "pass",
): CheckReport {
  return {
    verdict,
    summary: "fine",
    exercised: { requests: 0, assertions: 0, files: 0, ...exercised },
    tools: {},
    results: [],
  };
}

describe("what a run exercised", () => {
  it("below the declared minimum is inconclusive, with both numbers", () => {
    const held = holdToExercised(report({ requests: 3 }), { requests: 10, identities: 2 }, null);
    expect(held.verdict).toBe("inconclusive");
    expect(held.summary).toContain("3 requests, at least 10; 0 identities, at least 2");
  });

  it("at the minimum stands", () => {
    expect(holdToExercised(report({ requests: 10 }), { requests: 10 }, null).verdict).toBe("pass");
  });

  it("far less than the last time is inconclusive, with both numbers", () => {
    const before = { requests: 0, assertions: 0, files: 100 };
    expect(holdToExercised(report({ files: 50 }), undefined, before).verdict).toBe("pass");
    const held = holdToExercised(report({ files: 49 }), undefined, before);
    expect(held.verdict).toBe("inconclusive");
    expect(held.summary).toContain("49 files, and 100 the last time");
  });

  it("as nobody, where it was signed in before, is inconclusive", () => {
    const before = { requests: 5, assertions: 0, files: 0, identities: 1 };
    const held = holdToExercised(report({ requests: 5, identities: 0 }), undefined, before);
    expect(held.verdict).toBe("inconclusive");
  });

  it("without any package, where there was one the last time, is inconclusive, also as a warning", () => {
    const before = { requests: 0, assertions: 1, files: 1, packages: 1 };
    const none = { assertions: 1, files: 1, packages: 0 };
    const held = holdToExercised(report(none, "warn"), undefined, before);
    expect(held.verdict).toBe("inconclusive");
    expect(held.summary).toContain("no package, and 1 the last time");
    expect(holdToExercised(report(none, "warn"), undefined, none as Exercised).verdict).toBe(
      "warn",
    );
    const fewer = holdToExercised(report({ ...none, packages: 1 }), undefined, {
      ...before,
      packages: 300,
    });
    expect(fewer.verdict).toBe("pass");
  });

  it("makes no failure milder", () => {
    expect(holdToExercised(report({}, "fail"), { requests: 10 }, null).verdict).toBe("fail");
  });
});
