import { describe, expect, it } from "vitest";
import { canonicalJson, digestOf } from "../model/canonical.ts";
import { apiVersion, type CheckDemand, Environment, Pipeline } from "../model/pipeline.ts";
import type { ApprovalsInput } from "../identity/approval/given.ts";
import { approvalsUnder } from "./approvals.ts";
import type { Decided } from "./decide.ts";
import { demandDigest, type Evidence } from "./evidence.ts";
import { applyFloor } from "./floor.ts";
import { decideGate } from "./gate.ts";
import { obligationsIn } from "./obligations/asked.ts";
import type { ObligationInput } from "./obligations/grounds.ts";
import { policyDigest } from "./policy-of.ts";
import {
  type CheckFacts,
  type DecidedAt,
  decideUnder,
  type LanePolicy,
  type Question,
} from "./under.ts";
import { countWhatIf, whatIf, whatIfText } from "./what-if.ts";
import { replay } from "./replay.ts";

const digest = `sha256:${"a".repeat(64)}` as const;
const now = "2026-11-01T12:00:00.000Z";
const facts: CheckFacts = {
  scannersOf: () => [],
  isIntrusive: ({ uses }) => uses === "dast",
  scheduleAt: () => undefined,
};

interface Asked {
  readonly floor?: object;
  readonly lane?: object;
  readonly requires?: object;
}

function policy({ floor = {}, lane = {}, requires }: Asked = {}): LanePolicy {
  const metadata = { name: "production" };
  return {
    environment: Environment.parse({
      apiVersion,
      kind: "Environment",
      metadata,
      spec: { tier: "production", floor, ...(requires === undefined ? {} : { requires }) },
    }),
    pipeline: Pipeline.parse({
      apiVersion,
      kind: "Pipeline",
      metadata: { name: "shop" },
      spec: {
        processes: { web: { command: ["node"] } },
        environments: [{ name: "dev" }, { name: "production", ...lane }],
      },
    }),
  };
}

const smoke = { name: "smoke", uses: "http", with: { path: "/" } };
const sast = { name: "sast", uses: "semgrep", phase: "static" };
const lane = { checks: [smoke, sast] };
const before = policy({ lane });

function evidenceOf(demand: CheckDemand, verdict: Evidence["verdict"]): Evidence {
  const deployed = demand.phase !== "static";
  return {
    check: demand.name,
    demand: demandDigest(demand),
    service: "shop",
    environment: "production",
    release: digest,
    configuration: deployed ? digest : null,
    colour: deployed ? "blue" : null,
    verdict,
    exercised: { requests: 1, assertions: 1, files: 1 },
    summary: `${demand.name} says ${verdict}`,
    at: now,
    expiresAt: null,
  };
}

/** A gate of this policy, as the engine would have decided it. */
function decided(
  of: LanePolicy,
  verdicts: Partial<Record<string, Evidence["verdict"]>> = {},
  more: {
    checks?: readonly CheckDemand[];
    obligations?: ObligationInput;
    approvals?: ApprovalsInput;
  } = {},
): Decided {
  const wish = of.pipeline.spec.environments[1]!;
  const floored = applyFloor(wish, of.environment.spec.floor);
  const demands = { ...floored, checks: [...floored.checks, ...(more.checks ?? [])] };
  const { obligations, approvals } = more;
  return decideGate(demands.gate, {
    ...(approvals === undefined ? {} : { approvals }),
    subject: {
      service: "shop",
      environment: "production",
      release: digest,
      configuration: digest,
      colour: "blue",
    },
    policy: policyDigest(of.pipeline, of.environment),
    now,
    checks: demands.checks,
    evidence: demands.checks.map((check) => evidenceOf(check, verdicts[check.name] ?? "pass")),
    predecessors: [
      { environment: "dev", verifiedAt: now, healthy: { from: now, until: null }, soakMs: 0 },
    ],
    minimumIsolation: demands.minimumIsolation,
    requirements: [],
    ...(obligations === undefined ? {} : { obligations }),
    grades: { isolation: "separate-user", identity: "bound", governance: "solo" },
    ledger: [],
  });
}

const question = (to: LanePolicy, more: Partial<Question> = {}): Question => ({
  before,
  policy: to,
  at: "gate",
  returning: false,
  facts,
  soakMs: () => null,
  ...more,
});

function what(from: Decided, to: LanePolicy, more: Partial<Question> = {}) {
  return whatIf(from.decision, canonicalJson(from.inputs), question(to, more));
}

describe("a past decision under another policy", () => {
  it("is the same to the byte under the policy that it was made under", () => {
    const was = decided(before);
    const kept = replay(canonicalJson(was.inputs));
    if (!kept.ok) throw new Error(kept.problem);
    const under = decideUnder(kept.inputs, question(before));
    expect(under).toMatchObject({ ok: true, notAsked: [], decided: { decision: was.decision } });
    expect(what(was, before)).toMatchObject({ kind: "same", gone: [], added: [] });
  });

  it("asks those who approve of a decision that was made again later, too", () => {
    const demand = (count: number) =>
      policy({ lane: { ...lane, approvals: [{ role: "sre", count }] } });
    const asks = [{ roles: ["sre"], count: 1, notBeforeMs: 0, expiresMs: 3_600_000 }];
    const subject = { service: "shop", environment: "production", release: digest, configuration: digest, colour: "blue" } as const; // prettier-ignore
    const { approvals } = approvalsUnder({ subject }, asks);
    const was = decided(demand(1), {}, approvals === undefined ? {} : { approvals });
    const kept = replay(canonicalJson(was.inputs));
    if (!kept.ok) throw new Error(kept.problem);
    const askedOf = (at: DecidedAt) => {
      const under = decideUnder(kept.inputs, question(demand(2), { before: demand(1), at }));
      return under.ok && under.decided.decision.reasons.some(({ rule }) => rule === "approvals");
    };
    expect(askedOf("gate")).toBe(true);
    expect(askedOf("after")).toBe(true);
    expect(askedOf("checks")).toBe(false);
  });

  it("keeps the reviews that a change asked for, and cannot say what other risks would have asked", () => {
    const risks = [{ class: "database", review: { role: "dba" } }];
    const risky = policy({ lane: { ...lane, risks } });
    const review: CheckDemand = { ...before.pipeline.spec.environments[1]!.checks[1]!, name: "review-database", uses: "manual" }; // prettier-ignore
    const was = decided(risky, { "review-database": "fail" }, { checks: [review] });
    expect(was.decision.outcome).toBe("deny");
    expect(what(was, risky, { before: risky })).toMatchObject({ kind: "same" });
    expect(what(was, before, { before: risky })).toMatchObject({ kind: "unknown" });
    expect(what(decided(before), risky)).toMatchObject({
      kind: "unknown",
      problem: expect.stringContaining("risks"),
    });
  });

  it("asks for requirements over the runs that were looked at, and cannot say what others would have shown", () => {
    const asking = (uses: string, environments = ["production"]) =>
      policy({ lane, floor: { requirements: [{ id: "R-1", text: "it was attacked", environments, satisfiedBy: [{ uses, in: ["dev"] }] }] } }); // prettier-ignore
    expect(what(decided(before), asking("dast"))).toMatchObject({
      kind: "unknown",
      problem: expect.stringContaining("runs by dast"),
    });
    const elsewhere = asking("dast", ["staging"]);
    expect(what(decided(before), elsewhere)).toMatchObject({ kind: "same" });
    const asked = asking("dast");
    const obligations = { ...obligationsIn(asked.pipeline, asked.environment)!, runs: [] };
    const was = decided(asked, {}, { obligations });
    expect(was.decision.outcome).toBe("deny");
    expect(what(was, before, { before: asked })).toMatchObject({ wouldBe: "allow" });
  });

  it("denies for a check that nobody was asked for, and says that apart", () => {
    const to = policy({ lane: { checks: [smoke, sast, { name: "dast", uses: "zap" }] } });
    expect(what(decided(before), to)).toMatchObject({
      kind: "outcome",
      was: "allow",
      wouldBe: "deny",
      notAsked: ["check dast"],
      onlyNotAsked: true,
      added: expect.arrayContaining([
        expect.objectContaining({ rule: "check.missing", outcome: "deny" }),
      ]),
    });
  });

  it("is denied for more than that where something that was asked for speaks against it", () => {
    const lax = policy({ lane: { checks: [{ ...smoke, allowWarn: true }] } });
    const to = policy({ lane: { checks: [smoke, { name: "dast", uses: "zap" }] } });
    const found = what(decided(lax, { smoke: "warn" }), to, { before: lax });
    expect(found).toMatchObject({ kind: "outcome", wouldBe: "deny", onlyNotAsked: false });
  });

  it("keeps the verdict of a check that is only called otherwise, and not of one that is weaker", () => {
    const renamed = policy({ lane: { checks: [{ ...smoke, name: "front" }, sast] } });
    expect(what(decided(before), renamed)).toMatchObject({ wouldBe: "allow", notAsked: [] });
    const weaker = policy({ lane: { checks: [{ ...smoke, with: { path: "/health" } }, sast] } });
    expect(what(decided(before), weaker)).toMatchObject({
      wouldBe: "deny",
      notAsked: ["check smoke"],
    });
  });

  it("would have been let through where what denied it is demanded no more", () => {
    const to = policy({ lane: { checks: [smoke] } });
    expect(what(decided(before, { sast: "fail" }), to)).toMatchObject({
      kind: "outcome",
      was: "deny",
      wouldBe: "allow",
      gone: expect.arrayContaining([expect.objectContaining({ rule: "check.fail" })]),
    });
  });

  it("counts a floor like a pipeline, its preset and its isolation", () => {
    const to = policy({ lane, floor: { isolation: "sandbox" } });
    expect(what(decided(before), to)).toMatchObject({
      wouldBe: "deny",
      notAsked: [],
      added: expect.arrayContaining([expect.objectContaining({ rule: "isolation" })]),
    });
  });

  it("waits for a soak that another policy demands, and needs other predecessors", () => {
    const soaking = what(decided(before), policy({ lane }), { soakMs: () => 3_600_000 });
    expect(soaking).toMatchObject({ kind: "outcome", wouldBe: "wait" });
    const to = policy({ lane: { ...lane, after: ["dev", "staging"] } });
    expect(what(decided(before), to)).toMatchObject({
      wouldBe: "deny",
      notAsked: ["that staging verified it first"],
      onlyNotAsked: true,
    });
  });

  it("denies for what has to be stated and was not asked for, and cannot tell where other things were", () => {
    const requires = { sbom: {} };
    expect(what(decided(before), policy({ lane, requires }))).toMatchObject({
      wouldBe: "deny",
      notAsked: ["a statement: sbom"],
      onlyNotAsked: true,
    });
    const changed = what(decided(before), policy({ lane, requires }), {
      before: policy({ lane, requires: { attestations: [] } }),
    });
    expect(changed).toMatchObject({
      kind: "unknown",
      problem: expect.stringContaining("spec.requires"),
    });
  });

  it("cannot be said where rules ask about facts that were not gathered", () => {
    const to = policy({ lane: { ...lane, rules: [{ name: "small", require: "true" }] } });
    expect(what(decided(before), to)).toMatchObject({
      kind: "unknown",
      problem: expect.stringContaining("facts"),
    });
  });

  it("does not touch a return of traffic (law 9)", () => {
    const to = policy({ lane: { checks: [{ name: "dast", uses: "zap" }] } });
    expect(what(decided(before), to, { returning: true })).toMatchObject({ kind: "same" });
  });

  it("is unknown where its inputs are gone, changed or do not decide what was recorded", () => {
    const was = decided(before);
    const asked = question(before);
    const { evaluator: _none, ...old } = was.decision;
    expect(whatIf(was.decision, null, asked)).toMatchObject({ kind: "unknown" });
    expect(whatIf(was.decision, "{}", asked)).toMatchObject({ kind: "unknown" });
    expect(whatIf(old, canonicalJson(was.inputs), asked)).toMatchObject({ kind: "unknown" });
    expect(
      whatIf({ ...was.decision, outcome: "deny" }, canonicalJson(was.inputs), asked),
    ).toMatchObject({ kind: "unknown", problem: expect.stringContaining("gate verify") });
    const elsewhere = { ...was.decision, evaluator: "tidelock-policy/1" };
    expect(whatIf(elsewhere, canonicalJson(was.inputs), asked)).toMatchObject({
      kind: "same",
      otherRules: true,
    });
  });
});

describe("many past decisions", () => {
  it("are counted, every one in exactly one place; ten thousand take seconds", () => {
    const kinds = [decided(before), decided(before, { sast: "fail" }), decided(before)];
    const texts = kinds.map(({ inputs }) => canonicalJson(inputs));
    const to = policy({ lane: { checks: [smoke] }, floor: { isolation: "separate-user" } });
    const asked = question(to);
    const begun = performance.now();
    let counts = null;
    for (let at = 0; at < 10_000; at += 1) {
      const kind = at % 3;
      const text = kind === 2 && at % 30 === 2 ? null : (texts[kind] ?? null);
      counts = countWhatIf(counts, whatIf(kinds[kind]!.decision, text, asked));
    }
    const took = performance.now() - begun;
    expect(counts).toMatchObject({ decisions: 10_000, looser: 3_333, stricter: 0, unknown: 334 });
    const { same, reasons, differ, unknown } = counts!;
    expect(same + reasons + differ + unknown).toBe(10_000);
    expect(whatIfText(counts!)).toContain(
      "3333 of 10000 decisions would have differed from what was decided then",
    );
    expect(whatIfText(counts!)).toContain("334 could not be made again");
    expect(took).toBeLessThan(30_000);
    process.stdout.write(`10,000 decisions made twice in ${Math.round(took)} ms\n`);
  });
});

it("names a policy by what it demands alone: where a service runs is none of it", () => {
  const { pipeline, environment } = before;
  const moved = structuredClone(environment);
  Object.assign(moved.spec, { router: { type: "embedded", listen: { shop: "127.0.0.1:1" } } });
  expect(policyDigest(pipeline, moved)).toBe(policyDigest(pipeline, environment));
  const found = ["checks", "gate", "soak", "watch", "auto", "rollbackWindow"].map((key) => {
    const other = structuredClone(pipeline);
    Object.assign(other.spec.environments[1]!, { [key]: "another" });
    return policyDigest(other, environment);
  });
  expect(new Set([...found, policyDigest(pipeline, environment)]).size).toBe(7);
  // A key that nobody has thought about is governed.
  Object.assign(moved.spec, { surprise: true });
  expect(policyDigest(pipeline, moved)).not.toBe(policyDigest(pipeline, environment));
  expect(digestOf(before)).not.toBe(policyDigest(pipeline, environment));
});
