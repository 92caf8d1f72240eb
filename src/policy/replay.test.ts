import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson, digestOf } from "../model/canonical.ts";
import type { Digest } from "../model/primitives.ts";
import { Verdict } from "../model/verdict.ts";
import { type AdmissionInput, decideAdmission } from "./admission.ts";
import { evaluator } from "./decide.ts";
import { sampleFacts, sampleFinding } from "./cel/sample-facts.ts";
import { type DemandedCheck, demandDigest } from "./evidence.ts";
import { decideGate, type GateInput } from "./gate.ts";
import { replay } from "./replay.ts";

const digest = fc.constantFrom<Digest>(`sha256:${"a".repeat(64)}`, `sha256:${"b".repeat(64)}`);
const outcome = fc.constantFrom("allow" as const, "deny" as const, "wait" as const);
const preset = fc.constantFrom("baseline" as const, "strict" as const);
const isolation = fc.constantFrom("none" as const, "separate-user" as const, "sandbox" as const);
const colour = fc.constantFrom("blue" as const, "green" as const);
const environment = fc.constantFrom("staging", "production");
const text = fc.string({ unit: "binary", maxLength: 20 });
const time = fc
  .integer({ min: 0, max: 100 })
  .map((second) => new Date(Date.UTC(2026, 0, 1, 12, 0, second)).toISOString());

const grades = fc.record({
  isolation,
  identity: fc.constantFrom("none" as const, "bound" as const, "native" as const),
  governance: fc.constantFrom("solo" as const, "team" as const),
});
const shared = {
  now: time,
  minimumIsolation: isolation,
  grades,
  predecessors: fc.array(
    fc.record({
      environment,
      verifiedAt: fc.option(time),
      healthy: fc.option(fc.record({ from: time, until: fc.option(time) })),
      soakMs: fc.integer({ min: 0, max: 60_000 }),
    }),
    { maxLength: 3 },
  ),
  requirements: fc.array(
    fc.record({
      asked: fc.constantFrom("signature" as const, "provenance" as const, "attestation" as const),
      met: fc.boolean(),
      message: text,
    }),
    { maxLength: 3 },
  ),
  ledger: fc.option(fc.array(fc.record({ outcome, message: text }), { maxLength: 2 })),
};

const scanKind = fc.constantFrom("sast" as const, "dast" as const);

const demand = fc.record({
  name: fc.constantFrom("smoke", "deep"),
  uses: fc.constant("http"),
  with: fc.dictionary(
    fc.string({ minLength: 1 }).filter((key) => key !== "__proto__"),
    fc.jsonValue(),
  ),
  phase: fc.constantFrom("static" as const, "deployed" as const, "live" as const),
  timeout: fc.constant(1_000),
  retries: fc.constant(0),
  allowWarn: fc.boolean(),
});

const rule = fc.record(
  {
    name: fc.constantFrom("no-high", "looked-at"),
    require: fc.constantFrom(
      "findings.new.high == 0",
      "findings.items.all(f, f.severity != 'critical' || f.waived)",
      "approvals.exists(a, a.role == 'security')",
      "sbom.components > 0",
      "checks.dast.verdict == 'pass'",
      "no rule at all",
    ),
    because: text.filter((words) => words !== ""),
    from: fc.constantFrom("floor" as const, "pipeline" as const),
  },
  { requiredKeys: ["name", "require", "from"] },
);

/** Facts of the very decision, or of another one. */
const facts = fc.record({
  own: fc.boolean(),
  known: fc.boolean(),
  high: fc.nat(1),
  severity: fc.constantFrom("critical" as const, "low" as const),
});

function factsOf(input: GateInput, asked: typeof facts extends fc.Arbitrary<infer T> ? T : never) {
  const base = sampleFacts();
  const findings = {
    ...base.findings!,
    new: { ...base.findings!.new, high: asked.high },
    items: [sampleFinding({ severity: asked.severity })],
  };
  const { service, environment, release, configuration, colour } = input.subject;
  return {
    ...base,
    findings: asked.known ? findings : null,
    sbom: asked.known ? base.sbom : null,
    ...(asked.own
      ? {
          now: input.now,
          service,
          environment: { ...base.environment, name: environment },
          release: { ...base.release, digest: release },
          configuration: { ...base.configuration, digest: configuration },
          colour,
        }
      : {}),
  };
}

const ruled = fc.record({
  rules: fc.option(fc.array(rule, { maxLength: 3 }), { nil: undefined }),
  facts: fc.option(facts),
  returning: fc.option(fc.boolean(), { nil: undefined }),
});

const gateInput: fc.Arbitrary<GateInput> = fc
  .tuple(
    fc.array(demand, { maxLength: 3 }).chain((checks) => withoutRules(checks)),
    ruled,
  )
  .map(([input, { rules, facts: asked, returning }]) => ({
    ...input,
    ...(rules === undefined ? {} : { rules }),
    ...(returning === undefined ? {} : { returning }),
    facts: asked === null ? null : factsOf(input, asked),
  }));

const withoutRules = (checks: readonly DemandedCheck[]): fc.Arbitrary<GateInput> =>
  fc.record({
    subject: fc.record({
      service: fc.constant("shop"),
      environment,
      release: digest,
      configuration: digest,
      colour,
    }),
    checks: fc.constant(checks),
    evidence: fc.array(
      fc.record({
        check: fc.constantFrom("smoke", "deep"),
        demand: fc.constantFrom(...checks.map(demandDigest), digestOf("another demand")),
        service: fc.constant("shop"),
        environment,
        release: digest,
        configuration: fc.option(digest),
        colour: fc.option(colour),
        verdict: fc.constantFrom(...Verdict.options),
        exercised: fc.record({
          requests: fc.nat(2),
          assertions: fc.nat(2),
          files: fc.nat(2),
        }),
        summary: text,
        at: time,
        expiresAt: fc.option(time),
      }),
      { maxLength: 5 },
    ),
    diversity: fc.option(
      fc.record({
        asked: fc.dictionary(scanKind, fc.integer({ min: 1, max: 3 }), { maxKeys: 2 }),
        scanners: fc.array(
          fc.record({
            check: fc.constantFrom("smoke", "deep"),
            engine: fc.constantFrom("sast", "eslint"),
            kinds: fc.uniqueArray(scanKind, { minLength: 1, maxLength: 2 }),
          }),
          { maxLength: 3 },
        ),
      }),
      { nil: undefined },
    ),
    ...shared,
  });

const admissionInput: fc.Arbitrary<AdmissionInput> = fc.record({
  kind: fc.constantFrom("promotion" as const, "rollback" as const),
  service: fc.constant("shop"),
  environment,
  release: digest,
  configuration: digest,
  preset,
  artifacts: fc.array(
    fc.record({
      name: text,
      digest,
      state: fc.constantFrom("verified" as const, "missing" as const, "mismatch" as const),
    }),
    { maxLength: 3 },
  ),
  keys: fc.record({ needed: fc.array(text), given: fc.array(text) }),
  unresolved: fc.option(text),
  live: fc.option(fc.record({ release: digest, configuration: digest })),
  ...shared,
});

describe("a decision", () => {
  it("at a gate follows again from its inputs as they are kept, to the byte", () => {
    fc.assert(
      fc.property(preset, gateInput, (gate, input) => {
        const { decision, inputs } = decideGate(gate, input);
        const again = replay(canonicalJson(inputs));
        expect(again).toMatchObject({ ok: true, decided: { decision } });
        expect(again.ok && canonicalJson(again.decided.decision)).toBe(canonicalJson(decision));
        expect(decision.inputs).toBe(digestOf(inputs));
      }),
    );
  });

  it("of admission does so too", () => {
    fc.assert(
      fc.property(admissionInput, (input) => {
        const { decision, inputs } = decideAdmission(input);
        const again = replay(canonicalJson(inputs));
        expect(again.ok && canonicalJson(again.decided.decision)).toBe(canonicalJson(decision));
      }),
    );
  });

  it("names other inputs as soon as one of them is another", () => {
    fc.assert(
      fc.property(preset, gateInput, gateInput, (gate, one, other) => {
        const [a, b] = [decideGate(gate, one), decideGate(gate, other)];
        expect(a.decision.inputs === b.decision.inputs).toBe(
          canonicalJson(a.inputs) === canonicalJson(b.inputs),
        );
      }),
    );
  });

  it("counts what the ledger says among its reasons: a wait, a denial, or a word on a return", () => {
    const [sample] = fc.sample(gateInput, { seed: 1, numRuns: 1 });
    const of = (ledger: GateInput["ledger"]) =>
      decideGate("baseline", {
        ...sample!,
        minimumIsolation: "none",
        checks: [],
        predecessors: [],
        requirements: [],
        ledger,
      }).decision;
    expect(of([])).toMatchObject({ outcome: "allow" });
    expect(of([{ outcome: "wait", message: "clocks" }])).toMatchObject({ outcome: "wait" });
    expect(of([{ outcome: "deny", message: "edited" }]).reasons[0]).toEqual({
      outcome: "deny",
      rule: "ledger",
      message: "edited",
    });
    expect(of([{ outcome: "allow", message: "edited" }]).outcome).toBe("allow");
  });
});

describe("inputs that are none", () => {
  it("(a soak that ends after the last date) are refused with a reason, and never throw", () => {
    const [sample] = fc.sample(gateInput, { seed: 1, numRuns: 1 });
    const now = "2026-01-01T12:00:00.000Z";
    const soaking = (soakMs: number) => ({
      environment: "staging",
      verifiedAt: now,
      healthy: { from: now, until: null },
      soakMs,
    });
    const { inputs } = decideGate("baseline", { ...sample!, now, predecessors: [soaking(1_000)] });
    const kept = canonicalJson({ ...inputs, predecessors: [soaking(1e300)] });
    expect(replay(kept)).toMatchObject({ ok: false, problem: expect.stringContaining("decision") });
  });

  it.each([
    ["no JSON", "{"],
    ["not canonical", '{"kind": "gate"}'],
    ["of another kind", '{"kind":"lottery"}'],
    ["without parts", '{"kind":"gate"}'],
    ["a list", "[]"],
    ["null", "null"],
  ])("(%s) are refused with a reason, and never throw", (_name, kept) => {
    expect(replay(kept)).toMatchObject({ ok: false, problem: expect.any(String) as string });
  });

  it("whatever a stranger writes into them", () => {
    fc.assert(
      fc.property(preset, gateInput, fc.jsonValue(), fc.nat(), (gate, input, value, at) => {
        const { inputs } = decideGate(gate, input);
        const names = Object.keys(inputs);
        const changed = { ...inputs, [names[at % names.length] ?? ""]: value };
        expect(typeof replay(canonicalJson(changed)).ok).toBe("boolean");
      }),
    );
  });
});

/**
 * What the rules of each version decided on samples that touch every rule. Lines stay. When `decisions` alone is
 * another one, the rules have come to decide (or to word) something otherwise: raise `evaluator` in decide.ts and
 * add a line. When `samples` is another one, only the samples are: another fast-check, another input.
 */
const pinned = JSON.parse(
  readFileSync(new URL("evaluator.json", import.meta.url), "utf8"),
) as Record<string, { readonly samples: string; readonly decisions: string }>;

it("this version of the rules decides what it decided when it was named", () => {
  const options = { seed: 20_261_121, numRuns: 300 };
  const all = [
    ...fc.sample(gateInput, options).map((input, at) => {
      return decideGate(at % 2 === 0 ? "strict" : "baseline", input);
    }),
    ...fc.sample(admissionInput, options).map(decideAdmission),
  ];
  const samples = digestOf(all.map(({ inputs }) => inputs));
  const decisions = digestOf(all.map(({ decision }) => decision));
  expect({ samples, decisions }).toEqual(pinned[evaluator]);
});
