import fc from "fast-check";
import type { GatePreset } from "../../src/model/pipeline.ts";
import type { Digest } from "../../src/model/primitives.ts";
import { Verdict } from "../../src/model/verdict.ts";
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

export interface GateCase {
  readonly preset: GatePreset;
  readonly checks: readonly CheckCase[];
  /** Everything but checks and their runs. */
  readonly rest: Omit<GateInput, "checks" | "evidence">;
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
  verdict: others(Verdict.options, "pass", 40),
  scope: others(scopes, "this", 60),
  age: others(ages, "fresh", 60),
  exercised: weighted([12, true], [1, false]),
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
      outOfBand: weighted([6, false], [1, true]),
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
});

export const gateCase: fc.Arbitrary<GateCase> = fc.record({
  preset: grade<GatePreset>("baseline", "strict"),
  checks: fc
    .integer({ min: 0, max: 3 })
    .chain((count) => fc.tuple(...["sast", "smoke", "dast"].slice(0, count).map(checkCase))),
  rest,
});

export function inputOf({ checks, rest: more }: GateCase): GateInput {
  return {
    ...more,
    checks: checks.map((one) => one.demand),
    evidence: checks.flatMap(({ demand: asked, runs }) =>
      runs.map((run) => evidenceOf(asked, run)),
    ),
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
