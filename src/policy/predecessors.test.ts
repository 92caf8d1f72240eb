import { describe, expect, it } from "vitest";
import { droppedGrounds, type Predecessor, predecessorGround, span } from "./predecessors.ts";

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 12, 0, second)).toISOString();
const soaked: Predecessor = {
  environment: "staging",
  verifiedAt: at(0),
  healthy: { from: at(0), until: null },
  soakMs: 30_000,
};
const said = (change: Partial<Predecessor>, now = at(60)) =>
  predecessorGround({ ...soaked, ...change }, now);

describe("a predecessor", () => {
  it.each([null, "soon"])(
    "that has not verified the release (%s) denies, with what to do",
    (verifiedAt) => {
      expect(said({ verifiedAt })).toEqual({
        outcome: "deny",
        rule: "predecessor.verified",
        message: "staging has not verified this release; promote it there first",
      });
    },
  );

  it("that asks for no soak is content with a verification, live there or not", () => {
    const content = {
      outcome: "allow",
      rule: "predecessor.verified",
      message: "staging verified it",
    };
    expect(said({ soakMs: 0 })).toEqual(content);
    expect(said({ soakMs: 0, healthy: null })).toEqual(content);
    expect(said({ soakMs: 1, healthy: null }).outcome).toBe("deny");
  });

  it("in which it is not live denies, and says for how long it must be", () => {
    expect(said({ healthy: null })).toEqual({
      outcome: "deny",
      rule: "predecessor.soak",
      message: "it is not live and healthy in staging, where it must stay for 30s",
    });
  });

  it("in which it soaked long enough lets through, to the millisecond", () => {
    expect(said({}, at(30))).toEqual({
      outcome: "allow",
      rule: "predecessor.soak",
      message: "it soaked in staging for 30s",
    });
    expect(said({}, "2026-01-01T12:00:29.999Z").outcome).toBe("wait");
  });

  it("in which it still soaks makes it wait, until it has", () => {
    expect(said({}, at(10))).toEqual({
      outcome: "wait",
      rule: "predecessor.soak",
      message: `it soaks in staging until ${at(30)} (30s in a row)`,
      until: at(30),
    });
  });

  it("in which it broke off denies, however much time goes by", () => {
    expect(said({ healthy: { from: at(0), until: at(20) } }, at(3_000))).toEqual({
      outcome: "deny",
      rule: "predecessor.soak",
      message: "it was healthy in staging for 20s only, 30s in a row are demanded",
    });
  });

  it("counts from the later of the two: verified, and healthy", () => {
    expect(said({ verifiedAt: at(40) }).until).toBe(at(70));
    expect(said({ healthy: { from: at(50), until: null } }).until).toBe(at(80));
  });

  it("with a time that nobody can read denies", () => {
    expect(said({ healthy: { from: "yesterday", until: null } })).toEqual({
      outcome: "deny",
      rule: "predecessor.soak",
      message: "it was healthy in staging for an unknown time only, 30s in a row are demanded",
    });
    expect(said({}, "today").outcome).toBe("deny");
  });
});

it("an environment that came before once and does not any more is said, and holds nothing up", () => {
  expect(droppedGrounds(["staging"])).toEqual([
    {
      outcome: "allow",
      rule: "predecessor.dropped",
      message:
        "staging came before it when what is live here came, and does not any more: the pipeline was changed",
    },
  ]);
  expect(droppedGrounds([])).toEqual([]);
  expect(droppedGrounds(undefined)).toEqual([]);
});

it.each([
  [Number.NaN, "an unknown time"],
  [Number.POSITIVE_INFINITY, "an unknown time"],
  [-5, "0ms"],
  [0, "0ms"],
  [1.7, "1ms"],
  [999, "999ms"],
  [1_000, "1s"],
  [1_999, "1s"],
  [59_000, "59s"],
  [60_000, "1m"],
  [90_000, "1m 30s"],
  [3_600_000, "1h"],
  [3_661_000, "1h 1m"],
  [86_400_000, "1d"],
  [90_061_000, "1d 1h"],
  [86_401_000, "1d 1s"],
  [172_800_000, "2d"],
])("%d milliseconds are %s for people", (ms, text) => {
  expect(span(ms)).toBe(text);
});
