import { describe, expect, it } from "vitest";
import type { DemandedCheck } from "./evidence.ts";
import { controlGround, gateGrounds, type GateInput } from "./gate.ts";

const check = (name: string, extra: Partial<DemandedCheck> = {}): DemandedCheck => ({
  name,
  uses: "http",
  with: {},
  phase: "deployed",
  allowWarn: false,
  ...extra,
});

const input: GateInput = {
  subject: {
    service: "shop",
    environment: "production",
    release: `sha256:${"a".repeat(64)}`,
    configuration: `sha256:${"b".repeat(64)}`,
    colour: "green",
  },
  now: "2026-01-01T12:00:00.000Z",
  checks: [],
  evidence: [],
  predecessors: [],
  minimumIsolation: "none",
  requirements: [],
  grades: { isolation: "separate-user", identity: "bound", governance: "team" },
  ledger: [],
};

/** What is said about whether anything is demanded at all. */
function demanded(preset: "baseline" | "strict", checks: readonly DemandedCheck[]) {
  return gateGrounds(preset, { ...input, checks }).filter(({ rule }) => rule === "checks");
}

describe("what the gate says about its demands", () => {
  it("is how many checks there are, those of the live release not counted", () => {
    const said = (message: string) => [{ outcome: "allow", rule: "checks", message }];
    const live = check("live", { phase: "live" });
    for (const preset of ["baseline", "strict"] as const) {
      expect(demanded(preset, [check("a"), live])).toEqual(said("1 check is demanded here"));
      expect(demanded(preset, [check("a"), check("b"), live])).toEqual(
        said("2 checks are demanded here"),
      );
    }
  });

  it("is that there is none of what is deployed, which only the baseline lets through", () => {
    for (const checks of [[], [check("a", { phase: "static" }), check("b", { phase: "live" })]]) {
      expect(demanded("strict", checks)).toEqual([
        {
          outcome: "deny",
          rule: "checks",
          message: "the strict gate demands at least one check of the deployed release",
        },
      ]);
      expect(demanded("baseline", checks)).toEqual([
        {
          outcome: "allow",
          rule: "checks",
          message: "no check of the deployed release is demanded here",
        },
      ]);
    }
  });

  it("is of a check out of band that nobody waits for it", () => {
    expect(controlGround(check("scan", { outOfBand: true }), input)).toEqual({
      outcome: "allow",
      rule: "check.pending",
      message: "check scan runs out of band: what it says is not known yet",
    });
  });

  it("is of one that ended before its gate that no gate was asked, unless something else denies", () => {
    const ended = gateGrounds("baseline", { ...input, ended: "static" });
    expect(ended.filter(({ outcome }) => outcome === "deny")).toEqual([
      { outcome: "deny", rule: "checks.ended", message: "it ended before its gate was asked" },
    ]);
    const checks = [check("a")];
    const denied = gateGrounds("baseline", { ...input, checks, ended: "deployed" });
    expect(denied.filter(({ outcome }) => outcome === "deny").map(({ rule }) => rule)).toEqual([
      "check.missing",
    ]);
    expect(denied.map(({ rule }) => rule)).toContain("identity");
    expect(ended.map(({ rule }) => rule)).not.toContain("identity");
  });
});
