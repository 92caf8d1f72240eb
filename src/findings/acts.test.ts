import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FindingStatus } from "../model/finding.ts";
import { act, type Handled, type PlainAct } from "./acts.ts";

const finding: Handled = { status: "open", severity: "high", assignee: null, paused: null };

describe("an act", () => {
  test("moves a finding as far as fixed, and back", () => {
    const done = (["triage", "start", "fix"] as const).reduce(
      (one, kind) => act(one, { kind }).finding,
      finding,
    );
    expect(done).toMatchObject({ status: "fixed" });
    expect(() => act(done, { kind: "fix" })).toThrow(/fixed cannot be put to fix/);
    expect(act(done, { kind: "reopen", reason: "no" }).transition).toEqual({
      from: "fixed",
      to: "open",
      why: "opened again: no",
      reopened: true,
    });
  });

  test("never leads to where a gate would open, whoever does what in whatever order", () => {
    const anyAct = fc.constantFrom<PlainAct>(
      { kind: "triage" },
      { kind: "assign", to: "jo" },
      { kind: "start" },
      { kind: "fix" },
      { kind: "reopen", reason: "r" },
      { kind: "pause", reason: "r" },
      { kind: "resume" },
      { kind: "note", text: "t" },
      { kind: "raise", severity: "critical", reason: "r" },
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...FindingStatus.options),
        fc.array(anyAct, { maxLength: 12 }),
        (status, all) => {
          let one: Handled = { ...finding, status };
          for (const what of all) {
            const before = one;
            try {
              const { finding: after, transition } = act(one, what);
              one = after;
              if (transition === null) expect(after.status).toBe(before.status);
              else expect(transition).toMatchObject({ from: before.status, to: after.status });
            } catch (error) {
              expect(error).toMatchObject({ name: "TidelockError", code: "conflict" });
            }
            if (one.status === before.status) continue;
            expect(["verified", "closed", "false-positive"]).not.toContain(one.status);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test("makes it worse than its tools say, and nothing else", () => {
    const raise = (severity: "critical" | "high" | "low") =>
      act(finding, { kind: "raise", severity, reason: "it is reachable" });
    expect(raise("critical").transition).toBeNull();
    expect(() => raise("high")).toThrow("it is high already");
    expect(() => raise("low")).toThrow("it is high, which is worse than low");
  });
});

describe("a clock", () => {
  test("stands still with a reason, once", () => {
    const { finding: paused } = act(finding, { kind: "pause", reason: "vendor" });
    expect(paused.paused).toBe("vendor");
    expect(() => act(paused, { kind: "pause", reason: "x" })).toThrow(/paused already/);
    expect(act(paused, { kind: "resume" }).finding.paused).toBeNull();
    expect(() => act(finding, { kind: "resume" })).toThrow(/not paused/);
  });
});
