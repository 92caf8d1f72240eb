import { expect, it } from "vitest";
import { readBy } from "./explain-rule.ts";

const facts = {
  findings: { open: { critical: 2 }, items: [{ id: "F-1" }, { id: "F-2" }] },
  checks: { smoke: { verdict: "pass" }, "deep-scan": { verdict: "fail" } },
  changes: { paths: ["a", "b", "c", "d", "e", "f", "g"] },
  live: null,
  approvals: [],
};

it.each([
  ["findings.open.critical == 0", [["findings.open.critical", "2"]]],
  ['checks["deep-scan"].verdict == "pass"', [["checks.deep-scan.verdict", "fail"]]],
  ["checks.smoke.verdict == 'live.release'", [["checks.smoke.verdict", "pass"]]],
  [
    "live == null || !changes.paths.exists(p, p.startsWith('x'))",
    [
      ["live", "unknown (null)"],
      ["changes.paths", "a, b, c, d, e and 2 more"],
    ],
  ],
  ["findings.items.all(f, f.severity != 'high')", [["findings.items", "F-1, F-2"]]],
  [
    "size(approvals) > 0 && checks.other.verdict == 'pass'",
    [
      ["approvals", "none"],
      ["checks.other.verdict", "not there"],
    ],
  ],
  ["service_of(x) == 1", []],
])("of %s people see %j", (expression, expected) => {
  expect(readBy(expression, facts).map(({ name, value }) => [name, value])).toEqual(expected);
});

it("ends with whatever it is given", () => {
  for (const text of ["", "a.".repeat(5_000), '"'.repeat(999), "[".repeat(999), "findings[[["]) {
    expect(readBy(text, facts).length).toBeLessThanOrEqual(20);
  }
});
