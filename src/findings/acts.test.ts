import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FindingStatus } from "../model/finding.ts";
import { act, type Acting, type FindingAct, type Handled } from "./acts.ts";

const at = "2026-11-21T12:00:00Z";
const until = "2027-01-21T12:00:00Z";
const finding: Handled = {
  status: "open",
  assignee: null,
  handledBy: [],
  proposal: null,
  falsePositive: null,
  paused: null,
  fingerprints: ["native/x 1"],
  trusted: true,
};
const by = (name: string, more: Partial<Acting> = {}): Acting => ({
  by: name,
  proven: true,
  solo: false,
  at,
  ...more,
});
const propose: FindingAct = { kind: "false-positive", reason: "only in a test", until };

describe("an act", () => {
  test("moves a finding as far as fixed, with who did what in between", () => {
    const done = (["triage", "start", "fix"] as const).reduce(
      (one, kind) => act(one, { kind }, by("jo")).finding,
      finding,
    );
    expect(done).toMatchObject({ status: "fixed", handledBy: ["jo"] });
    expect(() => act(done, { kind: "fix" }, by("jo"))).toThrow(/fixed cannot be put to fix/);
    expect(act(done, { kind: "reopen", reason: "no" }, by("jo")).transition).toMatchObject({
      from: "fixed",
      to: "open",
      reopened: true,
    });
  });

  test("never leads to verified or closed, whoever does what in whatever order", () => {
    const anyAct = fc.constantFrom<FindingAct>(
      { kind: "triage" },
      { kind: "assign", to: "jo" },
      { kind: "start" },
      { kind: "fix" },
      { kind: "reopen", reason: "r" },
      propose,
      { kind: "confirm" },
      { kind: "reject", reason: "r" },
      { kind: "pause", reason: "r" },
      { kind: "resume" },
      { kind: "note", text: "t" },
    );
    const steps = fc.array(fc.tuple(anyAct, fc.constantFrom("a", "b", "c"), fc.boolean()), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(fc.constantFrom(...FindingStatus.options), steps, (status, all) => {
        let one: Handled = { ...finding, status };
        for (const [what, who, proven] of all) {
          const before = one;
          try {
            const { finding: after, transition } = act(one, what, by(who, { proven }));
            one = after;
            if (transition === null) expect(after.status).toBe(before.status);
            else expect(transition).toMatchObject({ from: before.status, to: after.status });
          } catch (error) {
            expect(error).toMatchObject({ name: "TidelockError" });
          }
          if (one.status === before.status) continue;
          expect(["verified", "closed"]).not.toContain(one.status);
          if (one.status !== "false-positive") continue;
          const { proposedBy, confirmedBy } = one.falsePositive ?? {};
          expect(proposedBy).not.toBe(confirmedBy);
          expect(proven).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("a false positive", () => {
  const proposed = act(finding, propose, by("jo")).finding;

  test("needs a second person who is known, and did not work on it", () => {
    expect(proposed.status).toBe("open");
    expect(() => act(proposed, { kind: "confirm" }, by("jo"))).toThrow(/second person/);
    expect(() => act(proposed, { kind: "confirm" }, by("ann", { proven: false }))).toThrow(/two people/); // prettier-ignore
    const worked = act(proposed, { kind: "triage" }, by("ann")).finding;
    expect(() => act(worked, { kind: "confirm" }, by("ann"))).toThrow(/second person/);
    const { finding: done, transition } = act(proposed, { kind: "confirm" }, by("ann"));
    expect(transition).toMatchObject({ to: "false-positive", why: "a false positive: only in a test" }); // prettier-ignore
    expect(done.falsePositive).toEqual({
      reason: "only in a test",
      proposedBy: "jo",
      confirmedBy: "ann",
      until,
      fingerprints: ["native/x 1"],
      trusted: true,
    });
  });

  test("may be confirmed by its author only where one person works alone", () => {
    expect(act(proposed, { kind: "confirm" }, by("jo", { solo: true })).finding.status).toBe("false-positive"); // prettier-ignore
  });

  test("has a reason and an end within a year", () => {
    for (const bad of ["2026-11-21T11:00:00Z", "2028-11-21T12:00:00Z", "for ever", ""]) {
      expect(() => act(finding, { ...propose, until: bad }, by("jo"))).toThrow(/cannot last/);
    }
    expect(() => act(finding, { ...propose, reason: " " }, by("jo"))).toThrow(/reason is empty/);
    const late = by("ann", { at: until });
    expect(() => act(proposed, { kind: "confirm" }, late)).toThrow(/expired/);
  });

  test("is not confirmed after somebody rejected it", () => {
    const rejected = act(proposed, { kind: "reject", reason: "it is one" }, by("ann")).finding;
    expect(() => act(rejected, { kind: "confirm" }, by("ann"))).toThrow(/no proposal/);
  });
});

describe("a clock", () => {
  test("stands still with a reason, once", () => {
    const { finding: paused } = act(finding, { kind: "pause", reason: "vendor" }, by("jo"));
    expect(paused.paused).toEqual({ reason: "vendor", since: at });
    expect(() => act(paused, { kind: "pause", reason: "x" }, by("jo"))).toThrow(/paused already/);
    expect(act(paused, { kind: "resume" }, by("jo")).finding.paused).toBeNull();
    expect(() => act(finding, { kind: "resume" }, by("jo"))).toThrow(/not paused/);
  });
});
