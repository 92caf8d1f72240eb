import { describe, expect, it } from "vitest";
import { judgeReport } from "../../engine/judging/judge-report.ts";
import type { ManualAnswers } from "../../model/manual-check.ts";
import type { CheckContext, PersonsAnswer } from "../../ports/check.ts";
import { manual } from "./index.ts";
import { formOf, ManualConfiguration } from "./schema.ts";

const list = ManualConfiguration.parse({
  kind: "checklist",
  role: "qa",
  items: [
    { id: "basket", text: "The basket keeps what was put in" },
    { id: "print", text: "The print view is readable", severity: "medium" },
  ],
});
const session = ManualConfiguration.parse({
  kind: "session",
  role: "security",
  charter: "Break the checkout",
  atLeast: "30m",
});

function answered(answers: ManualAnswers, change: Partial<PersonsAnswer> = {}): PersonsAnswer {
  return {
    answers,
    person: `person:${"a".repeat(32)}`,
    digest: `sha256:${"1".repeat(64)}`,
    answeredAt: "2026-01-01T00:00:00.000Z",
    validUntil: "2026-01-08T00:00:00.000Z",
    tookMs: 3_600_000,
    reusedFrom: null,
    separation: "nothing is known",
    ...change,
  };
}

async function judged(configuration: ManualConfiguration, given: PersonsAnswer | null) {
  const report = await manual.run({ answered: given } as CheckContext, configuration);
  return judgeReport(report, configuration);
}

const items = (basket: "pass" | "fail", print: "pass" | "fail" | "not-applicable") =>
  answered({
    kind: "checklist",
    items: [
      { id: "basket", result: basket, comment: "because" },
      { id: "print", result: print, comment: "because" },
    ],
  });

describe("a checklist", () => {
  it("passes when every item passes, and says who, when and until when", async () => {
    const report = await judged(list, items("pass", "pass"));
    expect(report).toMatchObject({ verdict: "pass", exercised: { assertions: 2 } });
    expect(report.validUntil).toBe("2026-01-08T00:00:00.000Z");
    expect(report.summary).toContain("answered as qa on 2026-01-01");
  });

  it("holds what failed against the thresholds, each by its own severity", async () => {
    expect(await judged(list, items("fail", "pass"))).toMatchObject({ verdict: "fail" });
    expect(await judged(list, items("pass", "fail"))).toMatchObject({ verdict: "warn" });
  });

  it("counts what does not apply as not looked at", async () => {
    const report = await judged(list, items("pass", "not-applicable"));
    expect(report.exercised.assertions).toBe(1);
    expect(report.results.map(({ name }) => name)).toEqual([
      "basket: The basket keeps what was put in",
    ]);
  });

  it("that nobody answered is missing, never a pass", async () => {
    expect(await judged(list, null)).toMatchObject({
      verdict: "missing",
      summary: "nobody with the role qa answered within 7 d",
    });
  });
});

describe("a session", () => {
  const clean = (minutes: number): ManualAnswers => ({
    kind: "session",
    minutes,
    covered: ["checkout", "sign-in"],
    findings: [],
  });

  it("passes with what was looked at", async () => {
    const report = await judged(session, answered(clean(45)));
    expect(report).toMatchObject({ verdict: "pass", exercised: { assertions: 2 } });
  });

  it.each([
    ["the person says less", clean(20), 3_600_000],
    ["the server's clock says less", clean(45), 60_000],
    ["nobody began it", clean(45), null],
  ] as const)("is inconclusive when it was too short: %s", async (_, answers, tookMs) => {
    expect(await judged(session, answered(answers, { tookMs }))).toMatchObject({
      verdict: "inconclusive",
    });
  });

  it("fails for a finding even when it was too short", async () => {
    const finding = { severity: "high" as const, title: "x", place: "/pay", description: "y" };
    const answers = { ...clean(1), findings: [finding] } as ManualAnswers;
    expect(await judged(session, answered(answers))).toMatchObject({ verdict: "fail" });
  });

  it("meets no users unless it only looks", () => {
    const touch = manual.touch as (configuration: ManualConfiguration) => string;
    expect(touch(session)).toBe("intrusive");
    expect(touch({ ...session, passive: true } as ManualConfiguration)).toBe("passive");
    expect(touch(list)).toBe("passive");
  });
});

it("leaves the thresholds out of the questions", () => {
  expect(formOf(list)).not.toHaveProperty("failOn");
  expect(formOf(list)).toMatchObject({ validFor: 7 * 86_400_000, reuse: "same" });
});

it("refuses a checklist with two items of one id, and an empty one", () => {
  const item = { id: "one", text: "One" };
  const parse = (given: unknown[]) =>
    manual.schema.safeParse({ kind: "checklist", role: "qa", items: given }).success;
  expect(parse([item])).toBe(true);
  expect(parse([item, item])).toBe(false);
  expect(parse([])).toBe(false);
});
