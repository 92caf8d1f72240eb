import { describe, expect, it } from "vitest";
import type { Digest } from "../model/primitives.ts";
import { Verdict } from "../model/verdict.ts";
import {
  decisiveEvidence,
  type DemandedCheck,
  demandDigest,
  type Evidence,
  hasAnswered,
  judgeCheck,
  type Subject,
} from "./evidence.ts";

const digest = (letter: string): Digest => `sha256:${letter.repeat(64)}`;
const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 12, 0, second)).toISOString();
const now = at(30);
const subject: Subject = {
  service: "shop",
  environment: "production",
  release: digest("a"),
  configuration: digest("b"),
  colour: "green",
};
const smoke: DemandedCheck = {
  name: "smoke",
  uses: "http",
  with: { path: "/" },
  phase: "deployed",
  allowWarn: false,
};

function run(verdict: Verdict, extra: Partial<Evidence> = {}): Evidence {
  return {
    check: "smoke",
    demand: demandDigest(smoke),
    service: "shop",
    environment: "production",
    release: subject.release,
    configuration: subject.configuration,
    colour: "green",
    verdict,
    exercised: { requests: 1, assertions: 1, files: 1 },
    summary: `a ${verdict}`,
    at: at(10),
    expiresAt: null,
    ...extra,
  };
}

const judged = (runs: readonly Evidence[], demand = smoke, standing = new Set<string>()) =>
  judgeCheck(demand, subject, runs, now, standing);

describe("one demanded check", () => {
  it("without a run denies, and says whether there was one of something else", () => {
    const nothing = { verdict: "missing", run: undefined, failing: null, besides: [] };
    const said = (why: string) => ({
      ...nothing,
      ground: {
        outcome: "deny",
        rule: "check.missing",
        message: `check smoke: no verdict for this; ${why}`,
      },
    });
    expect(judged([])).toEqual(said("it did not run"));
    expect(judged([run("pass", { check: "deep" })])).toEqual(said("it did not run"));
    const foreign = run("pass", { colour: "blue" });
    expect(judged([foreign])).toEqual(said("it ran for something else"));
    expect(judged([run("pass", { check: "deep" }), foreign])).toEqual(
      said("it ran for something else"),
    );
  });

  it("that passed lets through; that warned, only where it may, and says so", () => {
    expect(judged([run("pass")]).ground).toEqual({
      outcome: "allow",
      rule: "check.pass",
      message: "check smoke: pass: a pass",
    });
    expect(judged([run("warn")]).ground).toEqual({
      outcome: "deny",
      rule: "check.warn",
      message: "check smoke: warn: a warn",
    });
    expect(judged([run("warn")], { ...smoke, allowWarn: true }).ground).toEqual({
      outcome: "allow",
      rule: "check.warn",
      message: "check smoke: warn: a warn (this check may warn)",
    });
    expect(judged([run("error")], { ...smoke, allowWarn: true }).ground.outcome).toBe("deny");
  });

  it("that leaned on a waiver which holds no more fails, and says which it was", () => {
    const leaning = run("pass", { leansOn: ["one", "two"] });
    expect(judged([leaning], smoke, new Set(["one", "two"]))).toMatchObject({
      verdict: "pass",
      ground: { message: "check smoke: pass: a pass" },
    });
    expect(judged([leaning], smoke, new Set(["one"]))).toMatchObject({
      verdict: "fail",
      ground: {
        outcome: "deny",
        rule: "check.fail",
        message: "check smoke: fail: it leaned on two, which holds no more; a pass",
      },
    });
    expect(judged([run("fail", { leansOn: ["gone"] })]).ground.message).toBe(
      "check smoke: fail: a fail",
    );
  });

  it("fails as soon as one run failed, whatever ran afterwards, and the last that failed is named", () => {
    const runs = [
      run("fail", { at: at(1), summary: "first" }),
      run("fail", { at: at(2), summary: "second" }),
      run("pass", { at: at(3) }),
    ];
    expect(judged(runs).run?.summary).toBe("second");
  });

  it("is else decided by its newest run, of two at one moment by the worse, of two like these by their words", () => {
    const by = (...runs: readonly Evidence[]) =>
      decisiveEvidence(smoke, subject, runs, now)?.evidence.summary;
    const [old, fresh] = [run("error", { at: at(1) }), run("pass", { at: at(2) })];
    expect(by(old, fresh)).toBe("a pass");
    expect(by(fresh, old)).toBe("a pass");
    const worstFirst = [
      "fail",
      "error",
      "missing",
      "stale",
      "partial",
      "inconclusive",
      "warn",
      "pass",
    ] as const;
    expect(worstFirst).toHaveLength(Verdict.options.length);
    for (const [index, worse] of worstFirst.entries()) {
      for (const better of worstFirst.slice(index + 1)) {
        expect(by(run(better), run(worse))).toBe(`a ${worse}`);
        expect(by(run(worse), run(better))).toBe(`a ${worse}`);
      }
    }
    const [a, b] = [run("pass", { summary: "a" }), run("pass", { summary: "b" })];
    expect(by(a, b)).toBe("a");
    expect(by(b, a)).toBe("a");
  });

  it("names what failed in every run that failed, each once, or that it is not known", () => {
    const failing = (...lists: readonly (readonly string[] | null | undefined)[]) =>
      judged(lists.map((list) => run("fail", { failing: list }))).failing;
    expect(failing(["b", "a"])).toEqual(["a", "b"]);
    expect(failing(["b"], ["c", "a", "b"])).toEqual(["a", "b", "c"]);
    expect(failing(["b"], null)).toBeNull();
    expect(failing(["b"], undefined)).toBeNull();
    expect(judged([run("pass", { failing: ["a"] })]).failing).toBeNull();
    expect(
      judged([run("fail", { failing: ["a"] }), run("pass", { failing: ["b"] })]).failing,
    ).toEqual(["a"]);
  });

  it("names what is said besides since it last passed, the worst first", () => {
    const besides = (...runs: readonly Evidence[]) => judged(runs).besides;
    expect(besides(run("pass"))).toEqual([]);
    expect(besides(run("warn"), run("error"), run("error"))).toEqual(["error", "warn"]);
    expect(besides(run("error", { at: at(1) }), run("pass", { at: at(2) }))).toEqual([]);
    expect(
      besides(run("error", { at: at(1) }), run("pass", { at: at(2) }), run("warn", { at: at(3) })),
    ).toEqual(["warn"]);
    expect(
      besides(run("pass", { at: at(5) }), run("pass", { at: at(2) }), run("warn", { at: at(3) })),
    ).toEqual([]);
    // At the very moment of the pass counts.
    expect(besides(run("error"), run("pass"))).toEqual(["error"]);
  });

  it("does not hide behind its age that it exercised nothing", () => {
    const empty = { requests: 0, assertions: 0, files: 0 };
    expect(judged([run("pass", { exercised: empty, expiresAt: at(20) })])).toMatchObject({
      verdict: "stale",
      besides: ["stale", "inconclusive"],
    });
    expect(judged([run("pass", { expiresAt: at(20) })]).besides).toEqual(["stale"]);
  });
});

describe("a run", () => {
  const verdictOf = (extra: Partial<Evidence>, verdict: Verdict = "pass") =>
    judged([run(verdict, extra)]).verdict;

  it("is stale from the moment on at which it expires, and where that cannot be read", () => {
    expect(verdictOf({ expiresAt: at(31) })).toBe("pass");
    expect(verdictOf({ expiresAt: now })).toBe("stale");
    expect(verdictOf({ expiresAt: "some day" })).toBe("stale");
    expect(verdictOf({ expiresAt: at(20) }, "fail")).toBe("fail");
    expect(verdictOf({ expiresAt: at(20) }, "error")).toBe("stale");
  });

  it("that exercised nothing is inconclusive where it says something good, and worse stays worse", () => {
    const exercised = { requests: 0, assertions: 0, files: 0 };
    expect(verdictOf({ exercised })).toBe("inconclusive");
    expect(verdictOf({ exercised }, "warn")).toBe("inconclusive");
    for (const verdict of ["fail", "error", "missing", "stale", "partial"] as const) {
      expect(verdictOf({ exercised }, verdict)).toBe(verdict);
    }
  });

  it.each(["requests", "assertions", "files"])(
    "that exercised %s only exercised something",
    (kind) => {
      const exercised = { requests: 0, assertions: 0, files: 0, [kind]: 1 };
      expect(verdictOf({ exercised })).toBe("pass");
      // Nor does one kind take away from another.
      const others = { requests: 1, assertions: 1, files: 1, [kind]: 0 };
      expect(verdictOf({ exercised: others })).toBe("pass");
    },
  );

  it("whose time nobody can read is stale and counts as the newest, unless it failed", () => {
    expect(verdictOf({ at: "soon" })).toBe("stale");
    expect(verdictOf({ at: "soon" }, "fail")).toBe("fail");
    for (const other of ["error", "pass"] as const) {
      const runs = [run("pass", { at: "soon" }), run(other)];
      expect(judged(runs)).toMatchObject({ verdict: "stale", run: { at: "soon" } });
      expect(judged(runs.toReversed())).toMatchObject({ verdict: "stale", run: { at: "soon" } });
    }
  });

  it.each([
    ["another check", { check: "deep" }],
    ["a weaker check", { demand: digest("c") }],
    ["another service", { service: "mail" }],
    ["another environment", { environment: "staging" }],
    ["another release", { release: digest("c") }],
    ["another configuration", { configuration: digest("c") }],
    ["no configuration", { configuration: null }],
    ["another colour", { colour: "blue" as const }],
  ])("of %s is no answer", (_name, extra) => {
    expect(hasAnswered(smoke, subject, [run("pass", extra)])).toBe(false);
    expect(hasAnswered(smoke, subject, [run("error", extra), run("error")])).toBe(true);
    expect(decisiveEvidence(smoke, subject, [run("pass", extra)], now)).toBeUndefined();
  });

  it("of a static check is bound to all but configuration and colour", () => {
    const lint: DemandedCheck = { ...smoke, phase: "static" };
    const unbound = { configuration: null, colour: null };
    expect(hasAnswered(lint, subject, [run("pass", unbound)])).toBe(true);
    for (const extra of [
      { demand: digest("c") },
      { service: "mail" },
      { environment: "staging" },
      { release: digest("c") },
    ]) {
      expect(hasAnswered(lint, subject, [run("pass", { ...unbound, ...extra })])).toBe(false);
    }
  });
});

describe("what identifies a check", () => {
  const of = (extra: Partial<DemandedCheck>) => demandDigest({ ...smoke, ...extra });

  it("is its adapter, what it was told, its minimum and the age of its data", () => {
    const all = [
      of({}),
      of({ uses: "sast" }),
      of({ with: { path: "/health" } }),
      of({ minimum: { requests: 1 } as never }),
      of({ maxDataAge: 1_000 }),
      of({ maxDataAge: 2_000 }),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  it("is neither its name nor when it runs", () => {
    expect(of({ name: "deep", phase: "static", allowWarn: true, outOfBand: true })).toBe(of({}));
    expect(of({ minimum: undefined, maxDataAge: undefined })).toBe(of({}));
  });
});
