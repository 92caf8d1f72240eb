import { describe, expect, it } from "vitest";
import { checkContext } from "../../../test/support/check-context.ts";
import type { OpenFinding, OpenFindings } from "../../ports/check.ts";
import { runCheck } from "../run.ts";
import { findings, Judgement } from "./index.ts";
import { FindingsConfiguration } from "./schema.ts";

const now = new Date("2026-06-15T12:00:00Z");
const scan = { tool: "trivy", by: "own", at: "2026-06-15T11:00:00.000Z" };
const clean: OpenFindings = {
  changed: null,
  scans: [scan],
  unvouched: 0,
  partial: 0,
  awaited: null,
  left: 0,
};
const finding: OpenFinding = {
  id: "F-1",
  kind: "dependency",
  rule: "CVE-2026-0001",
  title: "a hole",
  severity: "high",
  status: "open",
  tools: ["trivy"],
  aliases: [],
  firstSeen: "2026-06-10T12:00:00.000Z",
  fixable: false,
  vouched: true,
  isNew: true,
  due: null,
  overdue: false,
  knownExploited: null,
  note: "",
  setAside: null,
  waiver: null,
};

interface Given extends Partial<OpenFindings> {
  readonly findings?: Iterable<OpenFinding>;
}

function judge({ findings: seen = [], ...open }: Given, configuration: object = {}) {
  const judgement = new Judgement(FindingsConfiguration.parse(configuration));
  for (const one of seen) judgement.see(one);
  return judgement.end({ ...clean, ...open }, now);
}

const one = (change: Partial<OpenFinding>, configuration: object = {}) =>
  judge({ findings: [{ ...finding, ...change }] }, configuration).verdict;

describe("a release", () => {
  it("that somebody trusted has scanned and that has nothing open passes", () => {
    expect(judge({})).toMatchObject({ verdict: "pass", exercised: { assertions: 1 } });
  });

  it("that nobody has scanned, or not lately, or only somebody who does not count, is unknown", () => {
    expect(judge({ scans: [] })).toMatchObject({ verdict: "inconclusive" });
    expect(judge({ scans: [], unvouched: 2 }).summary).toContain("nobody whom the policy trusts");
    const old = [{ ...scan, at: "2026-06-01T00:00:00.000Z" }];
    expect(judge({ scans: old }).summary).toContain("too long ago");
    expect(judge({}, { tools: ["trivy", "sem*"] }).summary).toContain("by sem*");
    expect(judge({}, { tools: ["TRI*y"] }).verdict).toBe("pass");
  });

  it("whose records were changed is an error, whatever they say", () => {
    expect(judge({ changed: "F-1 is gone" })).toMatchObject({ verdict: "error" });
  });

  it("with more open findings than can be looked at is unknown, and says how many", () => {
    const report = judge({ left: 7 });
    expect(report).toMatchObject({ verdict: "inconclusive" });
    expect(report.summary).toContain("7 findings more than can be looked at");
  });

  it("of which a scan is not among the findings yet is unknown, and fails for what is there", () => {
    const awaited = "the report of check scan was not taken in within 30 s";
    expect(judge({ awaited })).toMatchObject({ verdict: "inconclusive", summary: awaited });
    expect(judge({ awaited, findings: [finding] }).verdict).toBe("fail");
  });

  it("whose trusted scan was cut short is told so", () => {
    expect(judge({ scans: [], partial: 1, unvouched: 3 }).summary).toContain("is not whole");
  });
});

describe("an open finding", () => {
  it.each([
    [{}, {}, "fail"],
    [{ severity: "medium" }, {}, "warn"],
    [{ severity: "low" }, {}, "pass"],
    [{ severity: "low" }, { warnOn: "low" }, "warn"],
    [{ severity: "low", knownExploited: true }, {}, "fail"],
    [{ severity: "low", knownExploited: true }, { knownExploited: "ignore" }, "pass"],
    [{ severity: "low", overdue: true, due: "2026-06-01T00:00:00Z" }, {}, "pass"],
    [{ severity: "low", overdue: true, due: "2026-06-01T00:00:00Z" }, { overdue: "fail" }, "fail"],
    [{ isNew: false }, { newOnly: true }, "pass"],
    [{}, { newOnly: true }, "fail"],
    [{}, { kinds: ["secret"] }, "pass"],
    [{ setAside: "two people called it false" }, {}, "pass"],
    [{ waiver: { id: "W-1", until: "2026-07-01T00:00:00.000Z" } }, {}, "pass"],
  ] as const)("%j for %j is %s", (change, configuration, verdict) => {
    expect(one(change, configuration)).toBe(verdict);
  });

  it("counts even where nobody has scanned, and is named in the summary", () => {
    const report = judge({ scans: [], findings: [finding] });
    expect(report).toMatchObject({ verdict: "fail" });
    expect(report.summary).toContain("1 finding counts against it: F-1 CVE-2026-0001: high, open");
  });
});

describe("a flood by strangers", () => {
  function* flood(many: number): Generator<OpenFinding> {
    yield { ...finding, severity: "low" };
    for (let n = 0; n < many; n += 1) yield { ...finding, id: `F-${n + 2}`, vouched: false };
  }

  it("closes the gate by what it opened only, and the verdict says whose word that is", () => {
    const report = judge({ findings: flood(100_000) });
    expect(report.verdict).toBe("fail");
    expect(report.summary).toContain(
      "100000 findings count against it (seen only in reports that nobody vouches for)",
    );
    expect(report.results).toHaveLength(200);
  });

  it("hides nothing that a scan that counts has seen", () => {
    const report = judge({ findings: [finding, ...flood(1_000)] });
    expect(report.summary).toContain("1001 findings count against it (1000 of them seen only");
    expect(report.results[0]?.name).toBe("F-1 CVE-2026-0001");
  });
});

it("is an error where there is no list of findings", async () => {
  const demand = { name: "findings", with: {}, timeout: 10_000 };
  expect(await runCheck(findings, checkContext(), demand)).toMatchObject({ verdict: "error" });
});
