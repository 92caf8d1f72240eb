import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { decide, evaluator, ground } from "./decide.ts";

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

describe("a decision to wait", () => {
  const untilOf = (...times: readonly (string | undefined)[]) =>
    decide(
      times.map((until, index) => ground("wait", `rule ${index}`, "later", until)),
      grades,
      {},
    ).decision.until;
  const [soon, late] = ["2026-01-01T12:00:00.000Z", "2026-01-01T13:00:00.000Z"];

  it("is over when its last reason is, in whatever order they stand", () => {
    expect(untilOf(soon, late)).toBe(late);
    expect(untilOf(late, soon)).toBe(late);
    expect(untilOf(soon)).toBe(soon);
  });

  it("has no end where one of its reasons has none", () => {
    expect(untilOf(soon, undefined)).toBeUndefined();
    expect(untilOf(undefined, soon)).toBeUndefined();
  });

  it("says one moment that is written in two ways as its first reason does", () => {
    expect(untilOf(soon, "2026-01-01T13:00:00.000+01:00")).toBe(soon);
    expect(untilOf("2026-01-01T13:00:00.000+01:00", soon)).toBe("2026-01-01T13:00:00.000+01:00");
  });

  it("looks at no end of what lets through", () => {
    const { decision } = decide(
      [ground("wait", "a", "later", soon), ground("allow", "b", "good", late)],
      grades,
      {},
    );
    expect(decision.until).toBe(soon);
    expect(decide([ground("deny", "a", "no", soon)], grades, {}).decision).not.toHaveProperty(
      "until",
    );
  });
});

describe("what a decision says it was made from", () => {
  it("is the version of the rules, which is one of those that are pinned", () => {
    const { decision } = decide([], grades, {});
    expect(decision.evaluator).toBe(evaluator);
    const pinned = JSON.parse(
      readFileSync(new URL("evaluator.json", import.meta.url), "utf8"),
    ) as object;
    expect(Object.keys(pinned)).toContain(evaluator);
  });

  it("is the digest of the policy, where its inputs have one", () => {
    const policy = `sha256:${"a".repeat(64)}`;
    expect(decide([], grades, { policy }).decision.policy).toBe(policy);
    expect(decide([], grades, { other: policy }).decision).not.toHaveProperty("policy");
    expect(decide([], grades, { policy: "none" }).decision).not.toHaveProperty("policy");
  });
});

it("a reason that no time ends has no end, not one that is undefined", () => {
  expect(ground("wait", "a", "later")).toStrictEqual({
    outcome: "wait",
    rule: "a",
    message: "later",
  });
});
