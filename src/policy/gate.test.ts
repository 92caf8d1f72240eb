import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CheckDemand } from "../model/pipeline.ts";
import type { Digest } from "../model/primitives.ts";
import { Verdict } from "../model/verdict.ts";
import { demandDigest, type Evidence, type Subject } from "./evidence.ts";
import { evaluateGate, type GateInput } from "./gate.ts";

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

function demand(name: string, extra: Partial<CheckDemand> = {}): CheckDemand {
  return {
    name,
    uses: "http",
    with: { path: "/" },
    phase: "deployed",
    timeout: 1_000,
    retries: 0,
    allowWarn: false,
    ...extra,
  };
}

function run(check: CheckDemand, verdict: Verdict, extra: Partial<Evidence> = {}): Evidence {
  return {
    check: check.name,
    demand: demandDigest(check),
    service: subject.service,
    environment: subject.environment,
    release: subject.release,
    configuration: check.phase === "static" ? null : subject.configuration,
    colour: check.phase === "static" ? null : subject.colour,
    verdict,
    exercised: { requests: 1, assertions: 1, files: 0 },
    summary: "seen",
    at: at(10),
    expiresAt: null,
    ...extra,
  };
}

const smoke = demand("smoke");
const deep = demand("deep", { allowWarn: true, with: { path: "/deep" } });

const good: GateInput = {
  subject,
  now,
  checks: [smoke, deep],
  evidence: [run(smoke, "pass"), run(deep, "pass")],
  predecessors: [
    {
      environment: "staging",
      verifiedAt: at(0),
      healthy: { from: at(0), until: null },
      soakMs: 20_000,
    },
  ],
  minimumIsolation: "none",
  requirements: [],
  grades: { isolation: "separate-user", identity: "bound", governance: "team" },
  ledger: [],
};

function outcomeWith(change: Partial<GateInput>, preset: "baseline" | "strict" = "baseline") {
  return evaluateGate(preset, { ...good, ...change }).outcome;
}

describe("the gate", () => {
  it("allows when every check passed, and says why in every part", () => {
    const decision = evaluateGate("strict", good);
    expect(decision.outcome).toBe("allow");
    expect(decision.reasons.map((reason) => reason.rule)).toEqual([
      "check.pass",
      "check.pass",
      "checks",
      "governance",
      "identity",
      "isolation",
      "predecessor.soak",
    ]);
    expect(decision.inputs).toMatch(/^sha256:/);
  });

  it.each(Verdict.options.filter((verdict) => verdict !== "pass"))("denies on %s", (verdict) => {
    const decision = evaluateGate("baseline", {
      ...good,
      evidence: [run(smoke, verdict), run(deep, "pass")],
    });
    expect(decision.outcome).toBe("deny");
    expect(decision.reasons[0]).toMatchObject({ outcome: "deny", rule: `check.${verdict}` });
  });

  it("takes a warn only from a check that may warn", () => {
    expect(outcomeWith({ evidence: [run(smoke, "pass"), run(deep, "warn")] })).toBe("allow");
    expect(outcomeWith({ evidence: [run(smoke, "warn"), run(deep, "pass")] })).toBe("deny");
  });

  it("takes a pass that exercised nothing as inconclusive", () => {
    const empty = { exercised: { requests: 0, assertions: 0, files: 0 } };
    const decision = evaluateGate("baseline", {
      ...good,
      evidence: [run(smoke, "pass", empty), run(deep, "pass")],
    });
    expect(decision.reasons[0]?.rule).toBe("check.inconclusive");
  });

  it("takes an expired pass as stale", () => {
    const old = run(smoke, "pass", { expiresAt: now });
    expect(outcomeWith({ evidence: [old, run(deep, "pass")] })).toBe("deny");
  });

  it.each([
    ["another release", { release: digest("c") }],
    ["another configuration", { configuration: digest("c") }],
    ["another colour", { colour: "blue" as const }],
    ["no colour", { colour: null }],
    ["another environment", { environment: "staging" }],
    ["another service", { service: "mail" }],
    ["a weaker check of the same name", { demand: demandDigest({ uses: "http", with: {} }) }],
  ])("does not count a verdict of %s", (_name, extra) => {
    const decision = evaluateGate("baseline", {
      ...good,
      evidence: [run(smoke, "pass", extra), run(deep, "pass")],
    });
    expect(decision.reasons[0]?.rule).toBe("check.missing");
  });

  it("asks a static check for the release only, and a live check not at all", () => {
    const lint = demand("lint", { phase: "static" });
    const live = demand("live", { phase: "live" });
    expect(
      outcomeWith({
        checks: [lint, live, smoke],
        evidence: [run(lint, "pass"), run(smoke, "pass")],
      }),
    ).toBe("allow");
  });

  it("waits for no answer out of band, and lets no bad one through, one that says missing included", () => {
    const late = { ...smoke, outOfBand: true };
    const outcome = (evidence: readonly Evidence[]) => outcomeWith({ checks: [late], evidence });
    expect(outcome([])).toBe("allow");
    expect(outcome([run(smoke, "pass", { colour: "blue" })])).toBe("allow");
    for (const verdict of Verdict.options.filter((one) => one !== "pass")) {
      expect(outcome([run(smoke, verdict)])).toBe("deny");
    }
  });

  it("lets a retry mend an error, but never a fail", () => {
    const mended = [run(smoke, "error"), run(smoke, "pass", { at: at(11) }), run(deep, "pass")];
    expect(outcomeWith({ evidence: mended })).toBe("allow");
    const flaky = [run(smoke, "fail"), run(smoke, "pass", { at: at(11) }), run(deep, "pass")];
    expect(outcomeWith({ evidence: flaky })).toBe("deny");
  });

  it("waits for a soak that is running, with its end", () => {
    const predecessors = [{ ...good.predecessors[0]!, soakMs: 60_000 }];
    const decision = evaluateGate("baseline", { ...good, predecessors });
    expect(decision).toMatchObject({ outcome: "wait", until: at(60) });
  });

  it.each([
    ["was not verified", { verifiedAt: null }],
    ["is not live", { healthy: null }],
    ["broke off", { healthy: { from: at(0), until: at(10) } }],
    ["has an unreadable time", { healthy: { from: "yesterday", until: null } }],
    ["has an unreadable verification", { verifiedAt: "soon" }],
  ])("denies when a predecessor's release %s", (_name, extra) => {
    expect(outcomeWith({ predecessors: [{ ...good.predecessors[0]!, ...extra }] })).toBe("deny");
  });

  it("counts a soak from the verification on, and one that was long enough before it ended", () => {
    const late = { ...good.predecessors[0]!, verifiedAt: at(25) };
    expect(outcomeWith({ predecessors: [late] })).toBe("wait");
    const ended = { ...good.predecessors[0]!, healthy: { from: at(0), until: at(20) } };
    expect(outcomeWith({ predecessors: [ended] })).toBe("allow");
  });

  it("strict demands isolation, identity and a check of what is deployed", () => {
    const grades = good.grades;
    expect(outcomeWith({ grades: { ...grades, isolation: "none" } }, "strict")).toBe("deny");
    expect(outcomeWith({ grades: { ...grades, isolation: "none" } })).toBe("allow");
    expect(outcomeWith({ grades: { ...grades, identity: "none" } }, "strict")).toBe("deny");
    expect(outcomeWith({ grades: { ...grades, identity: "none" } })).toBe("allow");
    expect(outcomeWith({ checks: [], evidence: [] }, "strict")).toBe("deny");
    expect(outcomeWith({ checks: [], evidence: [] })).toBe("allow");
  });

  it("never falls below the environment's isolation", () => {
    expect(outcomeWith({ minimumIsolation: "sandbox" })).toBe("deny");
  });

  it("says solo in every decision of a solo installation", () => {
    const decision = evaluateGate("baseline", {
      ...good,
      grades: { ...good.grades, governance: "solo" },
    });
    expect(decision.reasons.find((reason) => reason.rule === "governance")?.message).toMatch(
      /solo/,
    );
  });
});

describe("laws of the gate", () => {
  const checks = [smoke, deep, demand("lint", { phase: "static" })];
  const anyRun = fc
    .record({
      check: fc.constantFrom(...checks),
      verdict: fc.constantFrom(...Verdict.options),
      at: fc.integer({ min: 0, max: 5 }).map(at),
      expiresAt: fc.constantFrom(null, at(20), at(40)),
      exercised: fc.constantFrom(
        { requests: 0, assertions: 0, files: 0 },
        { requests: 3, assertions: 1, files: 0 },
      ),
      release: fc.constantFrom(subject.release, subject.release, digest("c")),
      colour: fc.constantFrom("green" as const, "green" as const, "blue" as const),
    })
    .map(({ check, verdict, colour, ...rest }) => {
      const made = run(check, verdict, rest);
      return made.colour === null ? made : { ...made, colour };
    });
  // Half of the inputs start from a full set of passes, so that both outcomes are common.
  const evidence = fc
    .tuple(fc.boolean(), fc.array(anyRun, { maxLength: 8 }))
    .map(([full, more]) => (full ? [...checks.map((check) => run(check, "pass")), ...more] : more));
  const preset = fc.constantFrom("baseline" as const, "strict" as const);
  const decideOn = (gate: "baseline" | "strict", items: readonly Evidence[]) =>
    evaluateGate(gate, { ...good, checks, evidence: items });

  it("a further bad verdict never turns a denial into an allowance", () => {
    fc.assert(
      fc.property(preset, evidence, anyRun, (gate, items, extra) => {
        fc.pre(extra.verdict !== "pass" && extra.verdict !== "warn");
        if (decideOn(gate, items).outcome === "deny") {
          expect(decideOn(gate, [...items, extra]).outcome).toBe("deny");
        }
      }),
    );
  });

  it("taking a pass away never opens", () => {
    fc.assert(
      fc.property(preset, evidence, fc.nat(), (gate, items, pick) => {
        const passes = items.filter((item) => item.verdict === "pass");
        fc.pre(passes.length > 0);
        const gone = passes[pick % passes.length];
        if (decideOn(gate, items).outcome === "deny") {
          expect(
            decideOn(
              gate,
              items.filter((item) => item !== gone),
            ).outcome,
          ).toBe("deny");
        }
      }),
    );
  });

  it("a demanded check without any evidence always denies", () => {
    fc.assert(
      fc.property(preset, evidence, fc.constantFrom(...checks), (gate, items, check) => {
        const rest = items.filter((item) => item.check !== check.name);
        expect(decideOn(gate, rest).outcome).toBe("deny");
      }),
    );
  });

  it("evidence about something else changes no outcome", () => {
    fc.assert(
      fc.property(preset, evidence, anyRun, (gate, items, extra) => {
        const foreign = { ...extra, release: digest("f") };
        expect(decideOn(gate, [...items, foreign]).outcome).toBe(decideOn(gate, items).outcome);
      }),
    );
  });

  it("the order of the evidence, the checks and the predecessors shows nowhere", () => {
    const shuffled = evidence.chain((items) =>
      fc.tuple(
        fc.constant(items),
        fc.shuffledSubarray(items, { minLength: items.length }),
        fc.shuffledSubarray(checks, { minLength: checks.length }),
      ),
    );
    fc.assert(
      fc.property(preset, shuffled, (gate, [items, other, otherChecks]) => {
        expect(evaluateGate(gate, { ...good, checks: otherChecks, evidence: other })).toEqual(
          decideOn(gate, items),
        );
      }),
    );
  });

  it("strict never allows what baseline does not", () => {
    fc.assert(
      fc.property(evidence, (items) => {
        if (decideOn("strict", items).outcome === "allow") {
          expect(decideOn("baseline", items).outcome).toBe("allow");
        }
      }),
    );
  });
});

describe("what ended before its gate", () => {
  const scan = demand("scan", { phase: "static" });
  const none = { isolation: "separate-user", identity: "none", governance: "team" } as const;
  const failing = { checks: [scan], grades: none, predecessors: [] };

  it("gives no reason about what nobody came to look at", () => {
    const rules = (ended: GateInput["ended"]) => {
      const evidence = [run(scan, "fail")];
      const decision = evaluateGate("strict", { ...good, ...failing, evidence, ended });
      expect(decision.outcome).toBe("deny");
      return decision.reasons.map(({ rule }) => rule);
    };
    expect(rules("static")).toEqual(["check.fail", "governance", "isolation"]);
    expect(rules("deployed")).toEqual(["check.fail", "identity", "governance", "isolation"]);
    expect(rules(undefined)).toContain("checks");
  });

  it("is never let through, whatever passed", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("static", "deployed"),
        fc.constantFrom(...Verdict.options),
        (ended, verdict) => {
          const evidence = [run(scan, verdict)];
          return outcomeWith({ ...failing, evidence, ended }) === "deny";
        },
      ),
    );
    expect(outcomeWith({ ended: "deployed" })).toBe("deny");
  });
});

it("says a ban before everything else that is against a release", () => {
  const ban = { id: "S-1", kind: "ban", scope: "the content of shop", reason: "it loses orders", by: "op", since: at(0) } as const; // prettier-ignore
  const decision = evaluateGate("strict", {
    ...good,
    evidence: [run(smoke, "fail")],
    stops: [ban],
  });
  expect(decision.reasons[0]).toMatchObject({ outcome: "deny", rule: "release.banned" });
  expect(decision.reasons[1]?.rule).toBe("check.fail");
});
