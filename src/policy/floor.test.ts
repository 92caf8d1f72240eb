import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CheckDemand } from "../model/pipeline.ts";
import { applyFloor } from "./floor.ts";

const check = (name: string, uses = "http"): CheckDemand => ({
  name,
  uses,
  with: {},
  phase: "deployed",
  timeout: 1_000,
  retries: 0,
  allowWarn: false,
});

const lane = { gate: "baseline" as const, checks: [check("smoke")], soak: 5 };
const floor = {
  gate: "baseline" as const,
  checks: [],
  minimumSoak: 0,
  isolation: "none" as const,
};

describe("a floor", () => {
  it("that asks for nothing leaves the pipeline as it is", () => {
    expect(applyFloor(lane, floor)).toEqual({
      gate: "baseline",
      checks: lane.checks,
      soakMs: 5,
      minimumIsolation: "none",
    });
  });

  it("has its rules kept beside the pipeline's, first and by where they come from, of one name too", () => {
    const rule = { name: "no-high", require: "findings.new.high == 0" };
    const own = { name: "no-high", require: "findings.new.high < 9" };
    expect(applyFloor({ ...lane, rules: [own] }, { ...floor, rules: [rule] }).rules).toEqual([
      { ...rule, from: "floor" },
      { ...own, from: "pipeline" },
    ]);
    expect(applyFloor({ ...lane, rules: [own] }, floor).rules).toEqual([
      { ...own, from: "pipeline" },
    ]);
    expect(applyFloor({ ...lane, rules: [] }, { ...floor, rules: [] })).not.toHaveProperty("rules");
  });

  it("raises gate, soak and isolation", () => {
    const strict = { ...floor, gate: "strict" as const, minimumSoak: 10 };
    expect(applyFloor(lane, strict)).toMatchObject({
      gate: "strict",
      soakMs: 10,
      minimumIsolation: "separate-user",
    });
  });

  it("keeps its own check when the pipeline has another of that name, and the pipeline's as well", () => {
    const strong = check("smoke", "command");
    const { checks } = applyFloor(lane, { ...floor, checks: [strong] });
    expect(checks).toEqual([strong, { ...check("smoke"), name: "smoke-own" }]);
  });

  it("does not run the same check twice", () => {
    expect(applyFloor(lane, { ...floor, checks: [check("smoke")] }).checks).toHaveLength(1);
  });

  it("only ever tightens, and keeps names unique and short", () => {
    const names = fc.constantFrom("a", "a-own", "a-own-2", "b", "c".repeat(63));
    const checks = fc.uniqueArray(
      fc.tuple(names, fc.constantFrom("http", "command")).map(([name, uses]) => check(name, uses)),
      { selector: (item) => item.name },
    );
    const gate = fc.constantFrom("baseline" as const, "strict" as const);
    const grade = fc.constantFrom("none" as const, "separate-user" as const, "sandbox" as const);
    fc.assert(
      fc.property(
        fc.record({ gate, checks, soak: fc.nat() }),
        fc.record({ gate, checks, minimumSoak: fc.nat(), isolation: grade }),
        (own, low) => {
          const demands = applyFloor(own, low);
          const found = demands.checks.map((item) => item.name);
          expect(new Set(found).size).toBe(found.length);
          expect(found.every((name) => name.length <= 63)).toBe(true);
          for (const wanted of low.checks) expect(demands.checks).toContainEqual(wanted);
          for (const wanted of own.checks) {
            expect(demands.checks.some((item) => item.uses === wanted.uses)).toBe(true);
          }
          expect(demands.soakMs).toBeGreaterThanOrEqual(Math.max(own.soak, low.minimumSoak));
          if (own.gate === "strict" || low.gate === "strict") expect(demands.gate).toBe("strict");
        },
      ),
    );
  });
});
