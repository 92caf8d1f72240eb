import { describe, expect, it } from "vitest";
import type { EngagementOnRecord } from "../../ports/check.ts";
import { judgeEngagements } from "./index.ts";
import { EngagementConfiguration } from "./schema.ts";

const now = new Date("2026-06-15T12:00:00Z");
const release = `sha256:${"a".repeat(64)}`;
const test: EngagementOnRecord = {
  id: "E-1",
  party: "Acme Red",
  ended: "2026-01-10",
  validUntil: "2027-01-10",
  outcome: "two findings",
  release,
};

function judge(known: readonly EngagementOnRecord[], configuration: object = {}) {
  return judgeEngagements(known, release, EngagementConfiguration.parse(configuration), now);
}

describe("a penetration test", () => {
  it("that still counts passes, until the day on which it does not", () => {
    expect(judge([test])).toMatchObject({
      verdict: "pass",
      validUntil: "2027-01-11T00:00:00.000Z",
    });
    const within = 160 * 86_400_000;
    expect(judge([test], { within: `${within}ms` })).toMatchObject({
      verdict: "pass",
      validUntil: "2026-06-20T00:00:00.000Z",
    });
  });

  it.each([
    [{ validUntil: "2026-06-14" }, {}, "valid until 2026-06-14"],
    [{}, { within: "30d" }, "longer ago than is asked for"],
    [{ ended: "2026-06-16" }, {}, "has not come"],
    [{ release: null }, { ofThisRelease: true }, "another release"],
  ])("%j closes the gate for %j: %s", (change, configuration, why) => {
    const report = judge([{ ...test, ...change }], configuration);
    expect(report.verdict).toBe("fail");
    expect(report.summary).toContain(why);
  });

  it("on its last day still counts, and one good among expired ones is enough", () => {
    expect(judge([{ ...test, validUntil: "2026-06-15" }]).verdict).toBe("pass");
    expect(judge([{ ...test, validUntil: "2026-02-01" }, test]).verdict).toBe("pass");
  });

  it("that nobody ever recorded is missing", () => {
    expect(judge([])).toMatchObject({ verdict: "missing" });
  });
});
