import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { severities } from "../model/observation.ts";
import type { CheckDemand } from "../model/pipeline.ts";
import type { Digest } from "../model/primitives.ts";
import { Verdict } from "../model/verdict.ts";
import {
  defaultWaiverPolicy,
  WaivableVerdict,
  type Waived,
  type WaiverPolicy,
} from "../model/waiver.ts";
import { demandDigest, type Evidence, type Subject } from "./evidence.ts";
import { decideGate, evaluateGate, type GateInput } from "./gate.ts";
import { replay } from "./replay.ts";
import { canonicalJson } from "../model/canonical.ts";
import {
  type CheckNow,
  endOf,
  type FindingNow,
  holds,
  type SignedWaiver,
  type WaiverSubject,
} from "./waivers.ts";

const digest = (letter: string): Digest => `sha256:${letter.repeat(64)}`;
const start = Date.UTC(2026, 0, 1);
const day = (days: number) => new Date(start + days * 86_400_000).toISOString();
const both: WaiverPolicy = { longest: 90 * 86_400_000, allowed: "both" };

const finding: FindingNow = {
  kind: "finding",
  finding: "F-1",
  fingerprints: digest("f"),
  severity: "high",
  knownExploited: false,
};
const check: CheckNow = {
  kind: "check",
  check: "sast",
  uses: "semgrep",
  demand: digest("d"),
  verdict: "fail",
  empty: false,
  failing: ["high eval at a.js"],
};
const lane = { service: "shop", environment: "production", release: digest("a") };
const subject = (of: FindingNow | CheckNow, change: Partial<WaiverSubject> = {}) => ({
  ...lane,
  policy: both,
  of,
  ...change,
});

function signed(of: Waived["of"], change: Partial<Waived> = {}, since = day(0)): SignedWaiver {
  const waived: Waived = {
    waiver: "W-1",
    ledger: "tidelock/test",
    service: "shop",
    environment: "production",
    release: null,
    of,
    reason: "no way around it yet",
    control: "a rule of the firewall",
    owner: "maria",
    until: day(30),
    ...change,
  };
  return { waived, since, people: ["person:1", "person:2"] };
}

const ofFinding = (change: Partial<Extract<Waived["of"], { kind: "finding" }>> = {}) => ({
  kind: "finding" as const,
  finding: "F-1" as const,
  rule: "eval",
  title: "eval of input",
  fingerprints: digest("f"),
  severity: "high" as const,
  knownExploited: false,
  ...change,
});
const ofCheck = (change: Partial<Extract<Waived["of"], { kind: "check" }>> = {}) => ({
  kind: "check" as const,
  check: "sast",
  uses: "semgrep",
  demand: digest("d"),
  verdicts: ["fail" as WaivableVerdict],
  failing: ["high eval at a.js"],
  ...change,
});

describe("a waiver of a finding", () => {
  const waiver = signed(ofFinding());
  it("holds for that finding, there, until its end and not at it", () => {
    expect(holds(waiver, subject(finding), day(1))).toEqual({ holds: true, until: day(30) });
    expect(holds(waiver, subject(finding), day(30))).toMatchObject({ holds: false, void: true });
  });

  it.each<[string, FindingNow | CheckNow, Partial<WaiverSubject>, boolean]>([
    ["another finding", { ...finding, finding: "F-2" }, {}, false],
    ["another place", { ...finding, fingerprints: digest("0") }, {}, true],
    ["a graver one", { ...finding, severity: "critical" }, {}, true],
    ["one that is exploited", { ...finding, knownExploited: true }, {}, true],
    ["another service", finding, { service: "mail" }, false],
    ["another environment", finding, { environment: "staging" }, false],
    ["an environment that is gone", finding, { policy: null }, false],
    ["where only checks may be", finding, { policy: { ...both, allowed: "checks" } }, true],
    ["where nothing may be", finding, { policy: { ...both, allowed: "none" } }, true],
    ["a check", check, {}, false],
  ])("does not hold for %s", (_, of, change, isVoid) => {
    expect(holds(waiver, subject(of, change), day(1))).toMatchObject({
      holds: false,
      void: isVoid,
    });
  });

  it("holds where it became less grave, and on for a release that has the same, unless for one", () => {
    expect(holds(waiver, subject({ ...finding, severity: "low" }), day(1)).holds).toBe(true);
    const other = { release: digest("b") };
    expect(holds(waiver, subject(finding, other), day(1)).holds).toBe(true);
    const narrow = signed(ofFinding(), { release: lane.release });
    expect(holds(narrow, subject(finding), day(1)).holds).toBe(true);
    expect(holds(narrow, subject(finding, other), day(1)).holds).toBe(false);
  });

  it("that was signed although it was known to be exploited goes on", () => {
    const knowing = signed(ofFinding({ knownExploited: true }));
    expect(holds(knowing, subject({ ...finding, knownExploited: true }), day(1)).holds).toBe(true);
  });
});

describe("a waiver of a check", () => {
  const waiver = signed(ofCheck());
  it.each<[string, Partial<CheckNow>, boolean]>([
    ["as it was", {}, true],
    ["less of it", { failing: [] }, true],
    ["something else as well", { failing: ["high eval at a.js", "high eval at b.js"] }, false],
    ["who knows what", { failing: null }, false],
    ["another verdict", { verdict: "error" }, false],
    ["a run that exercised nothing", { empty: true }, false],
    ["a weaker check of the same name", { demand: digest("e") }, false],
    ["another adapter of the same name", { uses: "command" }, false],
    ["another name", { check: "dast" }, false],
  ])("accepts what fails: %s", (_, change, expected) => {
    expect(holds(waiver, subject({ ...check, ...change }), day(1)).holds).toBe(expected);
  });

  it.each(["manifest", "isolation", "manual", "findings"])(
    "never accepts that %s fails",
    (uses) => {
      const wide = signed(ofCheck({ uses }));
      expect(holds(wide, subject({ ...check, uses }), day(1))).toMatchObject({
        holds: false,
        void: true,
      });
    },
  );

  it("accepts a run that exercised nothing only where it says so", () => {
    const empty: CheckNow = { ...check, verdict: "inconclusive", empty: true };
    const waives = (verdicts: WaivableVerdict[]) =>
      holds(signed(ofCheck({ verdicts })), subject(empty), day(1)).holds;
    expect(waives(["inconclusive"])).toBe(true);
    expect(waives(["fail", "stale"])).toBe(false);
  });
});

describe("the end of a waiver", () => {
  const waiver = signed(ofCheck(), { until: day(60) });
  it("comes earlier when the owners come to allow less, and never later", () => {
    expect(endOf(waiver, both)).toBe(day(60));
    expect(endOf(waiver, { ...both, longest: 10 * 86_400_000 })).toBe(day(10));
    expect(endOf(waiver, { ...both, longest: 300 * 86_400_000 })).toBe(day(60));
    expect(endOf(waiver, { ...both, allowed: "findings" })).toBeNull();
    const short = subject(check, { policy: { ...both, longest: 10 * 86_400_000 } });
    expect(holds(waiver, short, day(11))).toMatchObject({ holds: false, void: true });
  });

  it("is not moved by a clock that was set back to before it was signed, or by no time at all", () => {
    expect(holds(waiver, subject(check), day(-1)).holds).toBe(false);
    expect(holds(waiver, subject(check), "yesterday").holds).toBe(false);
    expect(holds({ ...waiver, since: "once" }, subject(check), day(1)).holds).toBe(false);
    const endless = signed(ofCheck(), { until: "never" });
    expect(holds(endless, subject(check), day(1)).holds).toBe(false);
  });

  it("is 90 days off for findings, and there is none for checks, where nobody says more", () => {
    expect(endOf(signed(ofFinding(), { until: day(300) }), defaultWaiverPolicy)).toBe(day(90));
    expect(endOf(waiver, defaultWaiverPolicy)).toBeNull();
  });
});

const gateSubject: Subject = {
  ...lane,
  configuration: digest("b"),
  colour: "green",
};

function demand(name: string, extra: Partial<CheckDemand> = {}): CheckDemand {
  const fixed = { with: {}, phase: "deployed", timeout: 1_000, retries: 0 } as const;
  return { name, uses: "http", ...fixed, allowWarn: false, ...extra };
}

const demands = [demand("sast"), demand("dast"), demand("real", { uses: "manifest" })];

function run(one: CheckDemand, verdict: Verdict, extra: Partial<Evidence> = {}): Evidence {
  return {
    check: one.name,
    demand: demandDigest(one),
    ...gateSubject,
    verdict,
    exercised: { requests: 1, assertions: 1, files: 0 },
    summary: "seen",
    at: day(0),
    expiresAt: null,
    ...extra,
  };
}

/** The first one far more often. */
function mostly<T>(usual: T, ...others: T[]): fc.Arbitrary<T> {
  return fc.oneof({ weight: 6, arbitrary: fc.constant(usual) }, fc.constantFrom(...others));
}

const anyRun = fc
  .record({
    one: mostly(demands[0]!, ...demands),
    verdict: fc.constantFrom(...Verdict.options),
    expiresAt: fc.constantFrom(null, day(5), day(50)),
    failing: fc.constantFrom(undefined, null, [], ["a"], ["a", "b"]),
    leansOn: mostly<string[] | undefined>(undefined, ["W-1"], ["W-2"]),
    exercised: fc.constantFrom(
      { requests: 0, assertions: 0, files: 0 },
      { requests: 2, assertions: 1, files: 0 },
    ),
  })
  .map(({ one, verdict, ...rest }) => run(one, verdict, rest));

const anyOf = fc.oneof(
  fc
    .record({
      one: mostly(demands[0]!, ...demands),
      verdicts: fc.subarray([...WaivableVerdict.options], { minLength: 3 }),
      failing: fc.constantFrom<string[]>([], ["a"], ["a", "b"]),
      other: mostly(false, true),
    })
    .map(({ one, other, ...rest }) =>
      ofCheck({
        ...rest,
        check: one.name,
        uses: one.uses,
        demand: other ? digest("9") : demandDigest(one),
      }),
    ),
  fc.constantFrom(...severities).map((severity) => ofFinding({ severity })),
);

const anyWaiver = fc
  .record({
    of: anyOf,
    waiver: fc.constantFrom("W-1" as const, "W-2" as const),
    service: mostly("shop", "mail"),
    environment: mostly("production", "staging"),
    release: mostly<Digest | null>(null, lane.release, digest("c")),
    until: fc.constantFrom(day(3), day(30), day(80)),
    since: fc.constantFrom(day(0), day(0), day(20)),
  })
  .map(({ of, since, ...change }) => signed(of, change, since));

const anyInput = fc
  .record({
    bad: anyRun,
    runs: fc.array(anyRun, { maxLength: 1 }),
    full: fc.integer({ min: 0, max: 3 }),
    waivers: fc.array(anyWaiver, { maxLength: 3 }),
    policy: mostly<WaiverPolicy | null>(both, defaultWaiverPolicy, null),
    now: fc.constantFrom(day(1), day(4), day(25), day(60)),
    severity: fc.constantFrom(...severities),
  })
  .map(({ bad, full, runs, waivers, policy, now, severity }): GateInput => ({
    subject: gateSubject,
    now,
    checks: demands,
    // Mostly all has passed but one thing, so that what one waiver does is seen.
    evidence: [
      ...demands.filter(({ name }) => name !== bad.check).map((one) => run(one, "pass")),
      bad,
      ...(full === 0 ? runs : []),
    ],
    predecessors: [],
    minimumIsolation: "none",
    requirements: [],
    grades: { isolation: "separate-user", identity: "bound", governance: "team" },
    waivers: { policy, signed: waivers, findings: [{ ...finding, severity }] },
    ledger: [],
  }));

const without = (input: GateInput): GateInput => ({ ...input, waivers: undefined });

describe("laws of waivers at a gate", () => {
  let opened = 0;
  it("one more never closes anything, and changes no reason but that of the check it is about", () => {
    fc.assert(
      fc.property(anyInput, anyWaiver, (input, more) => {
        const { waivers } = input;
        fc.pre(waivers !== undefined);
        const before = evaluateGate("baseline", input);
        const signedAll = [...(waivers?.signed ?? []), more];
        const after = evaluateGate("baseline", {
          ...input,
          waivers: { ...waivers!, signed: signedAll },
        });
        if (before.outcome === "allow") expect(after.outcome).toBe("allow");
        if (before.outcome !== after.outcome) opened += 1;
        const { of } = more.waived;
        if (of.kind === "check") {
          const others = (texts: typeof after.reasons) =>
            texts.filter(({ message }) => !message.startsWith(`check ${of.check}:`));
          expect(others(after.reasons)).toEqual(others(before.reasons));
        }
      }),
      { numRuns: 1_500 },
    );
    expect(opened).toBeGreaterThan(10);
  });

  it("whatever is let through by one is named by one that says exactly that", () => {
    let seen = 0;
    fc.assert(
      fc.property(anyInput, (input) => {
        const { reasons } = evaluateGate("baseline", input);
        for (const { message, rule, outcome } of reasons) {
          if (rule !== "check.waived") continue;
          seen += 1;
          expect(outcome).toBe("allow");
          const [, name, verdict, id] =
            /^check (\S+): (?:(\w+): |no verdict).*accepted by (W-\d+) until/.exec(message) ?? [];
          expect(name).not.toBe("real");
          const by = input.waivers?.signed.filter(
            ({ waived: { waiver, of, service, environment, release } }) =>
              waiver === id &&
              of.kind === "check" &&
              of.check === name &&
              of.verdicts.includes((verdict ?? "missing") as WaivableVerdict) &&
              service === "shop" &&
              environment === "production" &&
              (release === null || release === lane.release),
          );
          expect(by?.some(({ waived }) => Date.parse(waived.until) > Date.parse(input.now))).toBe(
            true,
          );
        }
      }),
      { numRuns: 1_500 },
    );
    expect(seen).toBeGreaterThan(50);
  });

  it("after its end a gate says exactly what it says without it", () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const late = { ...input, now: day(95) };
        const plain = without(late);
        expect(evaluateGate("baseline", late)).toEqual({
          ...evaluateGate("baseline", plain),
          inputs: expect.any(String) as string,
        });
      }),
      { numRuns: 500 },
    );
  });

  it("nothing but a check is ever let through: not isolation, requirements, predecessors or the ledger", () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const bad: Partial<GateInput>[] = [
          { minimumIsolation: "sandbox" },
          { requirements: [{ asked: "sbom", met: false, message: "no SBOM" }] },
          { ledger: [{ outcome: "deny", message: "edited" }] },
          {
            predecessors: [{ environment: "staging", verifiedAt: null, healthy: null, soakMs: 0 }],
          },
        ];
        for (const change of bad) {
          expect(evaluateGate("baseline", { ...input, ...change }).outcome).toBe("deny");
        }
      }),
      { numRuns: 500 },
    );
  });

  it("a waived check is no different program that passed", () => {
    const sast = demands[0]!;
    const waiver = signed(ofCheck({ check: "sast", uses: "http", demand: demandDigest(sast) }));
    const input: GateInput = {
      subject: gateSubject,
      now: day(1),
      checks: [sast],
      evidence: [run(sast, "fail", { failing: [] })],
      predecessors: [],
      minimumIsolation: "none",
      requirements: [],
      grades: { isolation: "none", identity: "none", governance: "solo" },
      waivers: { policy: both, signed: [waiver], findings: [] },
      ledger: [],
    };
    expect(evaluateGate("baseline", input).outcome).toBe("allow");
    const diversity = {
      asked: { sast: 1 },
      scanners: [{ check: "sast", engine: "semgrep", kinds: ["sast" as const] }],
    };
    expect(evaluateGate("baseline", { ...input, diversity }).outcome).toBe("deny");
  });

  it("a decision that leaned on one follows again from its inputs, to the byte", () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const { decision, inputs } = decideGate("baseline", input);
        // What is undefined is not kept.
        const again = replay(canonicalJson(JSON.parse(JSON.stringify(inputs))));
        expect(again.ok && again.decided.decision).toEqual(decision);
      }),
      { numRuns: 300 },
    );
  });
});
