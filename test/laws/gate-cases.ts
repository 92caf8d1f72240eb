import fc from "fast-check";
import type { GatePreset } from "../../src/model/pipeline.ts";
import type { Digest } from "../../src/model/primitives.ts";
import type { Obligation, SurfaceChange } from "../../src/model/requirements.ts";
import { Verdict } from "../../src/model/verdict.ts";
import { WaivableVerdict } from "../../src/model/waiver.ts";
import { sampleFacts } from "../../src/policy/cel/sample-facts.ts";
import { type DemandedCheck, demandDigest, type Evidence } from "../../src/policy/evidence.ts";
import type { GateInput } from "../../src/policy/gate.ts";

/**
 * Cases for the laws of gates. They are made of classes (how a run ended, how old it is, what it was about), so that each
 * class is met often and can be counted, and most of a case is good, so that enough of them are allowed.
 */

export const scopes = [
  "this",
  "another release",
  "another environment",
  "another service",
  "another configuration",
  "another colour",
  "a weaker check of the same name",
] as const;
export type Scope = (typeof scopes)[number];

export const ages = ["does not expire", "fresh", "expired", "expires now", "unreadable"] as const;
export type Age = (typeof ages)[number];

export interface Run {
  readonly verdict: Verdict;
  readonly scope: Scope;
  readonly age: Age;
  readonly exercised: boolean;
  /** Which of its promotion's runs is the newest. */
  readonly at: number;
}

export interface CheckCase {
  readonly demand: DemandedCheck;
  readonly runs: readonly Run[];
}

/** What makes a waiver be about something else than it seems to be, or over. */
export const waiverFlaws = [
  "none",
  "another check",
  "another configuration of the check",
  "another environment",
  "another release",
  "over",
  "signed later than now",
  "longer than the owners allow",
  "of a finding only",
] as const;
export type WaiverFlaw = (typeof waiverFlaws)[number];

export interface WaiverCase {
  /** Which of the checks it is about. */
  readonly place: number;
  readonly flaw: WaiverFlaw;
  readonly verdicts: readonly WaivableVerdict[];
}

export interface GateCase {
  readonly preset: GatePreset;
  readonly checks: readonly CheckCase[];
  readonly waivers: readonly WaiverCase[];
  /** Whether the owners allow to waive checks. */
  readonly mayWaive: boolean;
  /** Truth of each rule, by what its facts say; `unknown`: null, or the facts were not gathered. */
  readonly rules: readonly ("true" | "false" | "unknown")[];
  readonly factsGathered: boolean;
  /** Everything but checks, their runs, waivers, rules and facts. */
  readonly rest: Omit<GateInput, "checks" | "evidence" | "waivers" | "rules" | "facts">;
}

const digest = (letter: string): Digest => `sha256:${letter.repeat(64)}`;
const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 12, 0, second)).toISOString();
const now = 30;

export const subject = {
  service: "shop",
  environment: "production",
  release: digest("a"),
  configuration: digest("b"),
  colour: "green" as const,
};

const weighted = <T>(...of: readonly (readonly [number, T])[]) =>
  fc.oneof(...of.map(([weight, value]) => ({ weight, arbitrary: fc.constant(value) })));
const others = <T extends string>(all: readonly T[], good: T, weight: number) =>
  fc.oneof(
    { weight, arbitrary: fc.constant(good) },
    { weight: 10, arbitrary: fc.constantFrom(...all) },
  );

export const anyRun: fc.Arbitrary<Run> = fc.record({
  verdict: others(Verdict.options, "pass", 70),
  scope: others(scopes, "this", 110),
  age: others(ages, "fresh", 110),
  exercised: weighted([24, true], [1, false]),
  at: fc.integer({ min: 0, max: 4 }),
});

const demand = (name: string): fc.Arbitrary<DemandedCheck> =>
  fc.record(
    {
      name: fc.constant(name),
      uses: fc.constantFrom("http", "sast"),
      with: fc.constant({ path: `/${name}` }),
      phase: fc.constantFrom("static" as const, "deployed" as const, "deployed" as const, "live" as const), // prettier-ignore
      allowWarn: fc.boolean(),
      outOfBand: weighted([1, false], [1, true]),
      minimum: fc.constant({ requests: 1 }),
    },
    { requiredKeys: ["name", "uses", "with", "phase", "allowWarn"] },
  );

const checkCase = (name: string): fc.Arbitrary<CheckCase> =>
  fc.record({
    demand: demand(name),
    runs: fc.oneof(
      { weight: 5, arbitrary: fc.array(anyRun, { minLength: 1, maxLength: 2 }) },
      { weight: 1, arbitrary: fc.array(anyRun, { maxLength: 5 }) },
    ),
  });

const grade = <T extends string>(...of: readonly T[]) => fc.constantFrom(...of);

const rest: fc.Arbitrary<GateCase["rest"]> = fc.record({
  subject: fc.constant(subject),
  now: fc.constant(at(now)),
  predecessors: fc.array(
    fc.record({
      environment: fc.constant("staging"),
      verifiedAt: weighted([9, at(0)], [1, null]),
      healthy: weighted([9, { from: at(0), until: null }], [1, null]),
      soakMs: fc.constantFrom(0, 10_000, 20_000, 40_000),
    }),
    { maxLength: 1 },
  ),
  minimumIsolation: weighted([6, "none" as const], [1, "separate-user" as const], [1, "sandbox" as const]), // prettier-ignore
  requirements: fc.array(
    fc.record({
      asked: fc.constantFrom("signature" as const, "sbom" as const),
      met: weighted([9, true], [1, false]),
      message: fc.constant("said"),
    }),
    { maxLength: 2 },
  ),
  grades: fc.record({
    isolation: grade("sandbox", "sandbox", "separate-user", "none"),
    identity: grade("native", "bound", "bound", "none"),
    governance: grade("solo", "team"),
  }),
  ledger: fc.oneof(
    { weight: 9, arbitrary: fc.constant([]) },
    {
      weight: 1,
      arbitrary: fc.array(fc.record({ outcome: grade("allow", "deny", "wait"), message: fc.constant("held against") }), { maxLength: 2 }), // prettier-ignore
    },
  ),
  maxAgeMs: weighted([24, undefined], [1, 60_000], [1, 27_500]),
  schedule: weighted(
    [20, undefined],
    [4, { open: true, until: null, because: [], calendars: [], timeZones: "2026a" }],
    [1, { open: false, until: at(90), because: ["a freeze"], calendars: [], timeZones: "2026a" }],
    [1, { open: true, until: null, because: [], calendars: [], timeZones: "2026a", clock: { message: "the clock was set", until: at(60) } }], // prettier-ignore
  ),
  stops: fc.oneof(
    { weight: 30, arbitrary: fc.constant(undefined) },
    {
      weight: 1,
      arbitrary: fc.array(
        fc.record({ id: fc.constant("S-1"), kind: grade("line", "ban"), scope: fc.constant("shop"), reason: fc.constant("a leak"), by: fc.constant("ada"), since: fc.constant(at(0)) }), // prettier-ignore
        { minLength: 1, maxLength: 2 },
      ),
    },
  ),
  obligations: fc.oneof(
    { weight: 16, arbitrary: fc.constant(undefined) },
    {
      weight: 2,
      arbitrary: fc.record({
        asked: fc.constant<Obligation[]>([{ kind: "requirement", id: "R-1", text: "it was attacked", proofs: [{ uses: "dast", with: {}, in: ["staging"] }] }]), // prettier-ignore
        surface: weighted<SurfaceChange | null>([6, null], [1, { reviewed: "2026-01-01", added: ["process web"], removed: [] }]), // prettier-ignore
        runs: fc.array(
          fc.record({ environment: grade("staging", "staging", "dev"), check: fc.constant("pages"), uses: grade("dast", "dast", "command"), with: fc.constant({}), verdict: others(Verdict.options, "pass", 40), exercised: weighted([9, true], [1, false]), at: fc.constant(at(1)), expiresAt: weighted([9, null], [1, at(now)]) }), // prettier-ignore
          { maxLength: 2 },
        ),
      }),
    },
  ),
});

export const gateCase: fc.Arbitrary<GateCase> = fc.record({
  preset: grade<GatePreset>("baseline", "strict"),
  checks: fc
    .integer({ min: 0, max: 3 })
    .chain((count) => fc.tuple(...["sast", "smoke", "dast"].slice(0, count).map(checkCase))),
  waivers: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    {
      weight: 1,
      arbitrary: fc.array(
        fc.record({
          place: fc.nat(2),
          flaw: others(waiverFlaws, "none", 10),
          verdicts: fc.uniqueArray(fc.constantFrom(...WaivableVerdict.options), { minLength: 1 }),
        }),
        { minLength: 1, maxLength: 2 },
      ),
    },
  ),
  mayWaive: weighted([6, true], [1, false]),
  rules: fc.oneof(
    { weight: 6, arbitrary: fc.constant([]) },
    {
      weight: 3,
      arbitrary: fc.array(weighted([24, "true" as const], [1, "false" as const], [1, "unknown" as const]), { minLength: 1, maxLength: 2 }), // prettier-ignore
    },
  ),
  factsGathered: weighted([40, true], [1, false]),
  rest,
});

export function inputOf(one: GateCase): GateInput {
  const { checks, rest: more, rules, factsGathered } = one;
  return {
    ...more,
    checks: checks.map(({ demand: asked }) => asked),
    evidence: checks.flatMap(({ demand: asked, runs }) =>
      runs.map((run) => evidenceOf(asked, run)),
    ),
    ...(one.waivers.length === 0 ? {} : { waivers: waiversOf(one) }),
    ...(rules.length === 0 ? {} : { rules: rules.map((truth, at_) => ruleOf(truth, at_)) }),
    ...(factsGathered ? { facts: factsHere } : {}),
  };
}

/** Of the very thing that is decided about; no SBOM counts, so what leans on one is unknown. */
const factsHere = {
  ...sampleFacts(),
  now: at(now),
  service: subject.service,
  environment: { name: subject.environment, tier: "production" as const },
  colour: subject.colour,
  release: { ...sampleFacts().release, digest: subject.release },
  configuration: { ...sampleFacts().configuration, digest: subject.configuration },
  sbom: null,
};

const expressions = {
  true: 'environment.name == "production"',
  false: 'colour == "blue"',
  unknown: "sbom.components > 0",
} as const;

function ruleOf(truth: keyof typeof expressions, place: number) {
  return { name: `r${place}`, require: expressions[truth], from: "floor" as const };
}

const day = 86_400_000;

function waiversOf({ checks, waivers, mayWaive }: GateCase): GateInput["waivers"] {
  const signed = waivers.flatMap(({ place, flaw, verdicts }, index) => {
    const asked = checks[place % Math.max(checks.length, 1)]?.demand;
    if (asked === undefined) return [];
    const weaker = { ...asked, with: {} };
    const check = flaw === "another check" ? `${asked.name}-own` : asked.name;
    return [
      {
        waived: {
          waiver: `W-${index + 1}`,
          ledger: "here",
          service: subject.service,
          environment: flaw === "another environment" ? "staging" : subject.environment,
          release: flaw === "another release" ? digest("c") : null,
          of:
            flaw === "of a finding only"
              ? { kind: "finding" as const, finding: "F-1", rule: "r", title: "t", fingerprints: digest("f"), severity: "critical" as const, knownExploited: null } // prettier-ignore
              : { kind: "check" as const, check, uses: asked.uses, demand: demandDigest(flaw === "another configuration of the check" ? weaker : asked), verdicts: [...verdicts], failing: [] }, // prettier-ignore
          reason: "r",
          control: "c",
          owner: "ada",
          until: flaw === "over" ? at(now) : flaw === "longer than the owners allow" ? new Date(Date.UTC(2027, 0, 1)).toISOString() : at(now + 60), // prettier-ignore
        },
        since: flaw === "signed later than now" ? at(now + 1) : flaw === "longer than the owners allow" ? new Date(Date.UTC(2025, 0, 1)).toISOString() : at(0), // prettier-ignore
        people: ["p1", "p2"] as const,
      },
    ];
  });
  return {
    policy: { longest: day, allowed: mayWaive ? "checks" : "findings" },
    signed,
    findings: [],
  };
}

export function evidenceOf(asked: DemandedCheck, run: Run): Evidence {
  const { scope } = run;
  const isStatic = asked.phase === "static";
  const demanded = scope === "a weaker check of the same name" ? { ...asked, with: {} } : asked;
  return {
    check: asked.name,
    demand: demandDigest(demanded),
    service: scope === "another service" ? "till" : subject.service,
    environment: scope === "another environment" ? "staging" : subject.environment,
    release: scope === "another release" ? digest("c") : subject.release,
    configuration: isStatic ? null : scope === "another configuration" ? digest("d") : subject.configuration, // prettier-ignore
    colour: isStatic ? null : scope === "another colour" ? "blue" : subject.colour,
    verdict: run.verdict,
    exercised: { requests: run.exercised ? 1 : 0, assertions: 0, files: 0 },
    summary: "seen",
    at: at(run.at),
    expiresAt: expiryOf[run.age],
  };
}

const expiryOf: Readonly<Record<Age, string | null>> = {
  "does not expire": null,
  fresh: at(now + 1),
  expired: at(now - 1),
  "expires now": at(now),
  unreadable: "the day after tomorrow",
};
