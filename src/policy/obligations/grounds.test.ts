import { describe, expect, it } from "vitest";
import type { Proof } from "../../model/requirements.ts";
import { obligationGrounds, type ObligationInput } from "./grounds.ts";
import { proofsOf, type ShownRun, stateOf } from "./shown.ts";

const now = "2026-01-10T12:00:00.000Z";
const run: ShownRun = {
  environment: "staging",
  check: "login",
  uses: "http",
  with: { path: "/login", status: 200 },
  verdict: "pass",
  exercised: true,
  at: "2026-01-10T11:00:00.000Z",
  expiresAt: null,
};
const proof: Proof = { uses: "http", with: { path: "/login" }, in: ["staging"] };
/** What is missing first, as a sentence; null: nothing. */
function lackOf(one: Proof, runs: readonly ShownRun[], environment: string, at: string) {
  const found = proofsOf({ proofs: [one] }, runs, environment, at).find(
    ({ lack }) => lack !== null,
  );
  return found === undefined ? null : `${found.name} ${found.lack}`;
}
const lack = (change: Partial<Proof>, ...runs: readonly Partial<ShownRun>[]) =>
  lackOf(
    { ...proof, ...change },
    runs.map((one) => ({ ...run, ...one })),
    "production",
    now,
  );
const asked = (proofs: Proof[]) => ({
  kind: "requirement" as const,
  id: "R-1",
  text: "strangers sign in",
  proofs,
});
const grounds = (change: Partial<ObligationInput>) =>
  obligationGrounds({ asked: [], surface: null, runs: [run], ...change }, "production", now);
const named = "a check by http with path as required in staging";

describe("a requirement or a threat", () => {
  it("is met by all of its proofs, and says so", () => {
    expect(grounds({ asked: [asked([proof]), { ...asked([proof]), kind: "threat" }] })).toEqual([
      {
        outcome: "allow",
        rule: "requirement",
        message: "requirement R-1 is met: strangers sign in",
      },
      { outcome: "allow", rule: "threat", message: "threat R-1 is met: strangers sign in" },
    ]);
  });

  it("names the first thing that is missing", () => {
    const proofs = [proof, { uses: "sast", with: {} }, { uses: "dast", with: {} }];
    expect(grounds({ asked: [asked(proofs)] })).toEqual([
      {
        outcome: "deny",
        rule: "requirement",
        message:
          "requirement R-1 (strangers sign in): a check by sast in production has not run for this release",
      },
    ]);
  });

  it("that nothing could show is not met", () => {
    expect(grounds({ asked: [asked([])] })).toEqual([
      {
        outcome: "deny",
        rule: "requirement",
        message: "requirement R-1 (strangers sign in): nothing could show it",
      },
    ]);
  });
});

describe("a proof", () => {
  it("is a check of that adapter, told at least that, of that name where it has one", () => {
    expect(lack({}, {})).toBeNull();
    expect(lack({ with: {} }, {})).toBeNull();
    expect(lack({ with: { path: "/login", status: 200 } }, {})).toBeNull();
    expect(lack({ name: "login" }, {})).toBeNull();
    expect(lack({ name: "other" }, {})).toBe(
      "a check other by http with path as required in staging has not run for this release",
    );
    expect(lack({ with: { path: "/login", status: 201 } }, {})).toBe(
      "a check by http with path, status as required in staging has not run for this release",
    );
    expect(lack({ with: { other: null } }, {})).toContain("has not run");
    expect(lack({ with: { other: null } }, { with: { other: null } })).toBeNull();
    expect(lack({ with: { other: null } }, { with: { other: 1 } })).toContain("has not run");
    expect(lack({ with: { toString: null } }, {})).toContain("has not run");
    expect(lack({ uses: "sast", with: {} }, {})).toBe(
      "a check by sast in staging has not run for this release",
    );
  });

  it("is asked for in each environment that it names, or in the one that is promoted to", () => {
    const { in: _in, ...anywhere } = proof;
    const there = { ...run, environment: "production" };
    expect(lackOf(anywhere, [run], "production", now)).toBe(
      "a check by http with path as required in production has not run for this release",
    );
    expect(lackOf(anywhere, [there], "production", now)).toBeNull();
    expect(lackOf({ ...proof, in: [] }, [there], "production", now)).toBeNull();
    expect(lackOf({ ...proof, in: [] }, [run], "production", now)).toContain("in production has");
    expect(lack({ in: ["staging", "production"] }, {})).toContain("in production has not run");
    expect(lack({ in: ["staging", "production"] }, {}, there)).toBeNull();
  });

  it("is a pass that exercised something; a fail stays whatever is run afterwards", () => {
    expect(lack({}, { verdict: "fail" }, { at: now })).toBe(`${named} has failed`);
    expect(lack({}, { verdict: "fail", environment: "dev" }, {})).toBeNull();
    expect(lack({}, { verdict: "warn" })).toBe(`${named} is warn`);
    expect(lack({}, { exercised: false })).toBe(`${named} passed and has exercised nothing`);
  });

  it("is the newest run, and of those of one moment each, said in one order", () => {
    const [before, later] = ["2026-01-10T10:00:00.000Z", "2026-01-10T11:30:00.000Z"];
    expect(lack({}, { verdict: "error", at: before }, {})).toBeNull();
    expect(lack({}, { verdict: "error", at: later }, {})).toBe(`${named} is error`);
    const [a, b] = [{ verdict: "stale" as const }, { verdict: "error" as const }];
    expect(lack({}, a, b, {})).toBe(`${named} is error`);
    expect(lack({}, {}, b, a)).toBe(`${named} is error`);
  });

  it("is as fresh as it has to be: exactly at its end it is too old", () => {
    const old = `${named} passed too long ago`;
    expect(lack({ maxAge: 3_600_000 }, {})).toBe(old);
    expect(lack({ maxAge: 3_600_001 }, {})).toBeNull();
    expect(lack({}, { expiresAt: now })).toBe(old);
    expect(lack({}, { expiresAt: "2026-01-10T12:00:00.001Z" })).toBeNull();
    expect(lack({ maxAge: 1 }, { expiresAt: "2026-01-10T13:00:00.000Z" })).toBe(old);
    expect(lack({ maxAge: 7_200_000 }, { expiresAt: "2026-01-10T11:30:00.000Z" })).toBe(old);
    expect(lack({}, { at: now })).toBeNull();
    expect(lack({}, { at: "2026-01-10T12:00:00.001Z" })).toBe(old);
  });

  it("with a time that nobody can read counts as the newest, and shows nothing", () => {
    const old = `${named} passed too long ago`;
    expect(lack({}, { at: "soon" })).toBe(old);
    expect(lack({}, { at: "soon" }, {})).toBe(old);
    expect(lack({}, {}, { at: "soon" })).toBe(old);
    expect(lack({}, { expiresAt: "later" })).toBe(old);
    expect(lackOf(proof, [run], "production", "now")).toBe(old);
  });
});

describe("what shows a proof", () => {
  const shown = (...runs: readonly Partial<ShownRun>[]) =>
    proofsOf(
      { proofs: [proof] },
      runs.map((one) => ({ ...run, ...one })),
      "production",
      now,
    )[0];

  it("is named with its place and the run that decided", () => {
    expect(shown({})).toEqual({
      name: named,
      environment: "staging",
      proof,
      state: "pass",
      lack: null,
      run,
    });
    expect(shown()).toMatchObject({ state: "not-run", run: null });
    const failed = { ...run, verdict: "fail" as const, check: "second" };
    expect(shown({}, failed)).toMatchObject({ state: "fail", run: failed });
    const worse = { ...run, verdict: "error" as const };
    expect(shown({}, worse)).toMatchObject({ state: "not-run", run: worse });
    const old = { ...run, at: "2026-01-10T10:00:00.000Z", check: "old" };
    expect(shown(old, {})).toMatchObject({ state: "pass", run });
  });

  it("is of a whole requirement a fail anywhere, and a pass only everywhere", () => {
    const of = (...all: readonly Partial<ShownRun>[]) =>
      all.map((one) => shown(one)).filter((one) => one !== undefined);
    expect(stateOf(of({}))).toBe("pass");
    expect(stateOf(of({}, {}))).toBe("pass");
    expect(stateOf(of({}, { verdict: "warn" }))).toBe("not-run");
    expect(stateOf(of({ verdict: "warn" }, { verdict: "fail" }))).toBe("fail");
    expect(stateOf(of({}, { verdict: "fail" }))).toBe("fail");
    expect(stateOf([])).toBe("not-run");
  });
});

describe("a threat model", () => {
  const surface = (added: string[], removed: string[]) =>
    grounds({ surface: { reviewed: "2026-01-01", added, removed } });
  const other = (shown: string) => [
    {
      outcome: "deny",
      rule: "threat-model",
      message: `the threat model of 2026-01-01 is of another attack surface (${shown}); answer \`tidelock threat-model review\` and apply the model anew`,
    },
  ];

  it("of this surface says when it was reviewed", () => {
    expect(surface([], [])).toEqual([
      {
        outcome: "allow",
        rule: "threat-model",
        message: "the threat model of 2026-01-01 is of this attack surface",
      },
    ]);
  });

  it("of another denies, and shows the first five things that differ", () => {
    expect(surface(["a"], [])).toEqual(other("+ a"));
    expect(surface([], ["b"])).toEqual(other("- b"));
    expect(surface(["a", "b", "c"], ["d", "e"])).toEqual(other("+ a; + b; + c; - d; - e"));
    expect(surface(["a", "b", "c"], ["d", "e", "f"])).toEqual(
      other("+ a; + b; + c; - d; - e; and 1 more"),
    );
    expect(surface(["a", "b", "c"], ["d", "e", "f", "g"])).toEqual(
      other("+ a; + b; + c; - d; - e; and 2 more"),
    );
  });
});
