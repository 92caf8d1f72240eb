import { describe, expect, it } from "vitest";
import { decide, ground } from "./decide.ts";

const grades = { isolation: "none", identity: "none", governance: "solo" } as const;
const outcomeOf = (...grounds: Parameters<typeof decide>[0]) => {
  const { outcome, reasons } = decide(grounds, grades, {}).decision;
  return { outcome, reasons };
};

describe("a decision", () => {
  it("that nothing speaks for is a denial, and says so", () => {
    expect(outcomeOf()).toEqual({
      outcome: "deny",
      reasons: [{ outcome: "deny", rule: "none", message: "no rule spoke for it" }],
    });
  });

  it("with one reason is that reason", () => {
    const reason = { outcome: "allow", rule: "a", message: "good" } as const;
    expect(outcomeOf(ground("allow", "a", "good"))).toEqual({
      outcome: "allow",
      reasons: [reason],
    });
  });

  it("is its worst reason, which comes first", () => {
    const [good, late, bad] = [
      ground("allow", "a", "good"),
      ground("wait", "b", "later"),
      ground("deny", "c", "bad"),
    ];
    expect(outcomeOf(good, late).outcome).toBe("wait");
    expect(outcomeOf(good, late, bad).outcome).toBe("deny");
    expect(outcomeOf(good, late, bad).reasons.map(({ rule }) => rule)).toEqual(["c", "b", "a"]);
  });
});

it("a reason that no time ends has no end, not one that is undefined", () => {
  expect(ground("wait", "a", "later")).toStrictEqual({
    outcome: "wait",
    rule: "a",
    message: "later",
  });
});
