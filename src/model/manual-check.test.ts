import { describe, expect, it } from "vitest";
import { answerProblems, ManualAnswers, ManualForm, sessionProblem } from "./manual-check.ts";

const both = { role: "qa", validFor: 1_000, answerWithin: 1_000, reuse: "same" };
const form = ManualForm.parse({
  kind: "checklist",
  ...both,
  items: [
    { id: "a", text: "A", evidence: true },
    { id: "b", text: "B", notApplicable: false, comment: true },
  ],
});
const session = ManualForm.parse({
  kind: "session",
  ...both,
  charter: "C",
  timeBox: 3_600_000,
  atLeast: 0,
  areas: ["pay"],
});

function problems(...items: unknown[]): readonly string[] {
  return answerProblems(form, ManualAnswers.parse({ kind: "checklist", items }));
}

describe("answers to a checklist", () => {
  const b = { id: "b", result: "pass", comment: "seen" };

  it("fit when every item has one, with what it asks for", () => {
    expect(problems({ id: "a", result: "pass", evidence: ["T-1"] }, b)).toEqual([]);
    expect(problems({ id: "a", result: "not-applicable", comment: "no" }, b)).toEqual([]);
  });

  it.each([
    [[{ id: "a", result: "pass" }, b], "the item a passes only with evidence"],
    [[{ id: "a", result: "fail", comment: "  " }, b], "the item a failed: write why"],
    [[{ id: "a", result: "not-applicable" }, b], "the item a does not apply: write why"],
    [[b], "the item a has no answer"],
    [[b, b, { id: "a", result: "fail", comment: "x" }], "the item b is answered twice"],
    [[{ id: "z", result: "pass" }, b], "there is no item z"],
    [
      [
        { id: "a", result: "fail", comment: "x" },
        { id: "b", result: "not-applicable", comment: "x" },
      ],
      "the item b always applies",
    ],
    [
      [
        { id: "a", result: "fail", comment: "x" },
        { id: "b", result: "pass" },
      ],
      "the item b passes only with a comment",
    ],
  ])("do not fit: %#", (items, why) => {
    expect(problems(...items).join("\n")).toContain(why);
  });
});

describe("answers to a session", () => {
  const given = { kind: "session", minutes: 60, covered: ["pay"], findings: [] };
  const of = (change: object) =>
    answerProblems(session, ManualAnswers.parse({ ...given, ...change }));

  it("stay in the time box and cover every area", () => {
    expect(of({})).toEqual([]);
    expect(of({ minutes: 61 })[0]).toContain("more than the time box of 60");
    expect(of({ covered: ["other"] })[0]).toContain('the area "pay" is not among those covered');
  });

  it("are none to a checklist", () => {
    expect(answerProblems(form, ManualAnswers.parse(given))).toHaveLength(1);
  });
});

it("takes no control characters, which could rewrite what a terminal shows", () => {
  const item = (comment: string) =>
    ManualAnswers.safeParse({ kind: "checklist", items: [{ id: "a", result: "pass", comment }] });
  expect(item("two\nlines").success).toBe(true);
  expect(item("\u001B[2J").success).toBe(false);
  expect(item("right\u202Eleft").success).toBe(false);
});

describe("the time of a session", () => {
  const timed: ManualForm = { ...session, atLeast: 15 * 60_000 } as ManualForm;

  it.each([
    [null, null, "was not begun"],
    [
      36_400,
      55,
      "has run 36 s by the server's clock, and at least 15 min are asked for: 14 min 24 s",
    ],
    [899_900, 55, ": 1 s are left"],
    [900_000, 14, "says 14 min, and at least 15 min"],
  ])("of %s ms, told as %s minutes, is too little", (ranMs, minutes, why) => {
    expect(sessionProblem(timed, ranMs, minutes)).toContain(why);
  });

  it("is enough from the minimum on, and nothing that a checklist has", () => {
    expect(sessionProblem(timed, 900_000, 15)).toBeNull();
    expect(sessionProblem(session, 0, 1)).toBeNull();
    expect(sessionProblem(form, null, null)).toBeNull();
  });
});
