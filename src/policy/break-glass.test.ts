import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { GivenGlass, GlassInput } from "../identity/break-glass/given.ts";
import type { Aside } from "../model/break-glass.ts";
import type { FactFinding, GateFacts } from "../model/gate-facts.ts";
import type { CheckDemand } from "../model/pipeline.ts";
import type { Digest } from "../model/primitives.ts";
import { type AdmissionInput, decideAdmission } from "./admission.ts";
import { asideOf, covers } from "./break-glass.ts";
import { demandDigest, type Evidence } from "./evidence.ts";
import { sampleFacts, sampleFinding } from "./cel/sample-facts.ts";
import { decideGate, evaluateGate, gateGrounds, type GateInput } from "./gate.ts";

const digest = (letter: string): Digest => `sha256:${letter.repeat(64)}`;
const now = "2026-01-01T12:00:30.000Z";
const later = "2026-01-01T14:00:00.000Z";

const subject = { service: "shop", environment: "production", release: digest("a"), configuration: digest("b"), colour: "green" } as const; // prettier-ignore

function demand(name: string, uses = "http"): CheckDemand {
  return { name, uses, with: {}, phase: "deployed", timeout: 1, retries: 0, allowWarn: false };
}
const smoke = demand("smoke");
const manifest = demand("manifest", "manifest");

function ran(
  check: CheckDemand,
  verdict: Evidence["verdict"],
  failing: string[] | null = [],
): Evidence {
  return {
    check: check.name,
    demand: demandDigest(check),
    ...subject,
    verdict,
    exercised: { requests: 1, assertions: 1, files: 0 },
    summary: "seen",
    at: "2026-01-01T12:00:10.000Z",
    expiresAt: null,
    failing,
  };
}

const good: GateInput = {
  subject,
  now,
  checks: [smoke, manifest],
  evidence: [ran(smoke, "pass"), ran(manifest, "pass")],
  predecessors: [],
  minimumIsolation: "none",
  requirements: [],
  grades: { isolation: "separate-user", identity: "bound", governance: "team" },
  ledger: [],
};

const bad: Partial<GateInput> = {
  evidence: [ran(smoke, "fail", ["GET /"]), ran(manifest, "pass")],
};

const given = (person: string, more: Partial<GivenGlass> = {}): GivenGlass => ({
  id: person,
  person,
  also: [],
  at: now,
  against: null,
  enrolments: [],
  ...more,
});

const about = {
  ledger: "log",
  service: "shop",
  environment: "production",
  release: digest("a"),
  configuration: digest("b"),
  plan: digest("c"),
  policy: digest("d"),
};

function glass(asides: readonly Aside[], more: Partial<GlassInput> = {}): GlassInput {
  return {
    asked: { ...about, glass: "BG-1", request: "0".repeat(32), version: "1", decision: digest("e"), reason: "why", expires: later }, // prettier-ignore
    basis: { asides: [...asides], findings: null },
    at: "2026-01-01T12:00:00.000Z",
    policy: { allowed: "all", longest: 4 * 3_600_000 },
    now: about,
    promotion: "p1",
    usedBy: null,
    signed: [given("person:ann"), given("person:tom")],
    ownWork: [],
    ...more,
  };
}

const aside = (of: string, check: Aside["check"] = null): Aside => ({ of, says: "x", check });
const smokeFails = aside("check smoke", { demand: demandDigest(smoke), verdict: "fail", failing: ["GET /"] }); // prettier-ignore

const finding = (id: string, more: Partial<FactFinding> = {}): FactFinding =>
  sampleFinding({ id, severity: "high", rule: "r", ...more });

function factsWith(...items: readonly FactFinding[]): GateFacts {
  const { findings, release, configuration, evidence } = sampleFacts();
  return sampleFacts({
    now,
    release: { ...release, digest: digest("a") },
    configuration: { ...configuration, digest: digest("b") },
    findings: findings && { ...findings, items: [...items] },
    evidence: { ...evidence, signedBy: [] },
  });
}

/** With findings as they were signed: `smokeFails` leans on what is open. */
function broken(change: Partial<GateInput>, more: Partial<GlassInput> = {}, asides = [smokeFails]) {
  const findings = factsWith(finding("F-1"));
  const basis = { asides, findings: [{ id: "F-1", severity: "high" as const, rule: "r", exploited: false }] }; // prettier-ignore
  return evaluateGate("baseline", {
    ...good,
    ...bad,
    facts: findings,
    glass: glass(asides, { basis, ...more }),
    ...change,
  });
}

describe("a broken glass", () => {
  it("lets through what was signed, as an outcome of its own that says who and what", () => {
    const decision = broken({});
    expect(decision).toMatchObject({
      outcome: "break-glass",
      brokenGlass: { glass: "BG-1", people: ["person:ann", "person:tom"], alone: false, setAside: ["check smoke"], until: later }, // prettier-ignore
    });
    const text = decision.reasons.map(({ message }) => message).join("\n");
    expect(text).toContain("check smoke: fail: seen; SET ASIDE by BG-1");
    expect(text).toContain("somebody else has to review it");
    expect(text).not.toContain("NOBODY ELSE LOOKED");
  });

  it.each<[string, Partial<GlassInput>, string]>([
    ["one person signed", { signed: [given("person:ann")] }, "1 of 2 people"],
    ["nobody signed", { signed: [] }, "0 of 2 people"],
    ["a signature does not count", { signed: [given("person:ann"), given("person:tom", { against: "no right" })] }, "no right"], // prettier-ignore
    ["both are one person", { signed: [given("person:ann", { also: ["person:tom"] }), given("person:tom")] }, "1 of 2"], // prettier-ignore
    ["one answers for the other", { signed: [given("person:ann"), given("person:tom", { enrolments: [{ what: "the key", by: ["person:ann"], proven: true, vouched: [] }] })] }, "enrolled the key"], // prettier-ignore
    ["nobody knows who enrolled one", { signed: [given("person:ann"), given("person:tom", { enrolments: [{ what: "the key", by: [], proven: false, vouched: [] }] })] }, "not proven"], // prettier-ignore
    ["it has expired", { asked: { ...glass([smokeFails]).asked, expires: now } }, "expired"],
    ["the owners allow less by now", { policy: { allowed: "all", longest: 30_000 } }, "expired"],
    ["the owners allow none", { policy: { allowed: "none", longest: 1e9 } }, "allow none"],
    ["another promotion went through", { usedBy: "p0" }, "p0 went through it"],
    ["it is from the future", { at: later }, "later than now"],
    ["one byte of the plan differs", { now: { ...about, plan: digest("f") } }, "another plan"],
    ["the policy changed", { now: { ...about, policy: digest("f") } }, "another policy"],
    ["it is of another log", { now: { ...about, ledger: "else" } }, "another ledger"],
  ])("counts for nothing where %s", (_, more, why) => {
    const decision = broken({}, more);
    expect(decision.outcome).toBe("deny");
    expect(decision.brokenGlass).toBeUndefined();
    expect(decision.reasons.map(({ message }) => message).join()).toContain(why);
  });

  it("goes on counting for the promotion that went through it", () => {
    expect(broken({}, { usedBy: "p1" }).outcome).toBe("break-glass");
  });

  it("is enough with one person in solo mode, and says that nobody else looked", () => {
    const solo = { ...good.grades, governance: "solo" as const };
    const one = broken({ grades: solo }, { signed: [given("person:ann")] });
    expect(one).toMatchObject({ outcome: "break-glass", brokenGlass: { alone: true } });
    expect(JSON.stringify(one.reasons)).toContain("NOBODY ELSE LOOKED");
    expect(broken({ grades: solo }).brokenGlass?.alone).toBe(false);
    expect(broken({ grades: solo }, { signed: [] }).outcome).toBe("deny");
  });

  it.each<[string, Partial<GateInput>]>([
    ["more fails", { evidence: [ran(smoke, "fail", ["GET /", "GET /x"]), ran(manifest, "pass")] }],
    ["nobody can name what fails", { evidence: [ran(smoke, "fail", null), ran(manifest, "pass")] }],
    ["it says something else", { evidence: [ran(smoke, "error"), ran(manifest, "pass")] }],
    ["a finding is new", { facts: factsWith(finding("F-1"), finding("F-2")) }],
    ["a finding is worse", { facts: factsWith(finding("F-1", { severity: "critical" })) }],
    ["what is open is not known any more", { facts: null }],
    ["another check fails too", { checks: [smoke, manifest, demand("other")] }],
    ["what users would meet anew is exploited", { facts: factsWith(finding("F-1", { new: true, knownExploited: true })) }], // prettier-ignore
  ])("is void where %s", (_, change) => {
    expect(broken(change).outcome).toBe("deny");
  });

  it("never brings users anew what attackers use today, even where both have signed that; what is live anyway it may", () => {
    const exploited = { id: "F-1", severity: "high" as const, rule: "r", exploited: true };
    const basis = { asides: [smokeFails], findings: [exploited] };
    const fresh = factsWith(finding("F-1", { new: true, knownExploited: true }));
    const known = broken({ facts: fresh }, { basis });
    expect(known.outcome).toBe("deny");
    expect(JSON.stringify(known.reasons)).toContain(
      "F-1 is known to be exploited and not live yet",
    );
    const there = factsWith(finding("F-1", { new: false, knownExploited: true }));
    expect(broken({ facts: there }, { basis }).outcome).toBe("break-glass");
  });

  it("of a check by name takes whatever it says, and of no other check", () => {
    const any = [aside("check smoke", { demand: demandDigest(smoke), verdict: "any", failing: null })]; // prettier-ignore
    expect(broken({ evidence: [ran(smoke, "error"), ran(manifest, "pass")] }, {}, any).outcome).toBe("break-glass"); // prettier-ignore
    expect(covers(any[0]!, { of: "check smoke" })).toBe(false);
    const other = { demand: digest("0"), verdict: "fail" as const, failing: [] };
    expect(covers(any[0]!, { of: "check smoke", check: other })).toBe(false);
    expect(covers(aside("window"), { of: "check smoke", check: other })).toBe(false);
  });

  it("that is for windows sets nothing else aside, by its own words or the owners'", () => {
    const schedule = { open: false, until: later, because: ["frozen"], calendars: [], timeZones: "-" }; // prettier-ignore
    const window = aside("window");
    const asks = (asides: Aside[], more: Partial<GlassInput>, change: Partial<GateInput>) =>
      evaluateGate("baseline", { ...good, schedule, glass: glass(asides, more), ...change });
    expect(asks([window], {}, {}).outcome).toBe("break-glass");
    expect(asks([window], {}, bad).outcome).toBe("deny");
    const only = { policy: { allowed: "window" as const, longest: 1e9 } };
    expect(asks([window, smokeFails], only, bad).outcome).toBe("deny");
    expect(asks([window, smokeFails], only, {}).outcome).toBe("break-glass");
    const clock = { message: "it was set", until: later };
    expect(asks([window], {}, { schedule: { ...schedule, clock } }).outcome).toBe("wait");
  });
});

/** What nobody can set aside, whoever signs whatever. */
const never: readonly (readonly [string, Partial<GateInput>])[] = [
  ["a ban", { stops: [{ id: "S-1", kind: "ban", scope: "x", reason: "r", by: "b", since: now }] }],
  ["a stopped line", { stops: [{ id: "S-1", kind: "line", scope: "x", reason: "r", by: "b", since: now }] }], // prettier-ignore
  ["a signature", { requirements: [{ asked: "signature", met: false, message: "none" }] }],
  ["provenance", { requirements: [{ asked: "provenance", met: false, message: "none" }] }],
  ["an attestation", { requirements: [{ asked: "attestation", met: false, message: "none" }] }],
  ["the isolation", { minimumIsolation: "sandbox" }],
  ["the database", { ledger: [{ outcome: "deny", message: "changed" }] }],
  ["the ledger", { ledger: [{ outcome: "wait", message: "away" }] }],
  ["the manifest", { evidence: [ran(smoke, "pass"), ran(manifest, "fail")] }],
  ["a rule over signatures", { rules: [{ name: "signed", require: "size(evidence.signedBy) > 0", from: "floor" }], facts: factsWith() }], // prettier-ignore
  ["facts that nobody gathered", { rules: [{ name: "r", require: "true", from: "floor" }], facts: null }], // prettier-ignore
];

/** Every requirement that any ground could be, set aside at once and whatever it says. */
function everything(input: GateInput): readonly Aside[] {
  const names = ["window", "approvals", "predecessor staging", "evidence signature", "evidence provenance", "evidence sbom", "rule floor signed", "rule floor r", "line", "ledger", "isolation", "release.banned", "identity", "threat-model", "review BG-0"]; // prettier-ignore
  return [
    ...names.map((of) => aside(of)),
    ...input.checks.map((one) =>
      aside(`check ${one.name}`, {
        demand: demandDigest(one as CheckDemand),
        verdict: "any",
        failing: null,
      }),
    ),
  ];
}

describe("no glass, whoever broke it and for whatever", () => {
  it.each(never)("sets aside %s", (_, change) => {
    for (const preset of ["baseline", "strict"] as const) {
      const input = { ...good, ...change };
      const before = evaluateGate(preset, input).outcome;
      expect(["deny", "wait"]).toContain(before);
      const basis = { asides: [...everything(input)], findings: [] };
      const facts = change.facts === undefined ? factsWith() : change.facts;
      const after = evaluateGate(preset, { ...input, facts, glass: glass([], { basis }) });
      expect(after.outcome).toBe(before);
    }
  });

  it("turns integrity, bans or the ledger into anything but a no, in any mixture (property)", () => {
    const mixture = fc.record({
      never: fc.constantFrom(...never.map(([, change]) => change)),
      also: fc.constantFrom<Partial<GateInput>>({}, { evidence: [] }, { requirements: [{ asked: "sbom", met: false, message: "none" }] }), // prettier-ignore
      solo: fc.boolean(),
      returning: fc.constant(false),
    });
    fc.assert(
      fc.property(mixture, ({ never: change, also, solo }) => {
        const grades = { ...good.grades, governance: solo ? ("solo" as const) : ("team" as const) };
        const input = { ...good, ...also, grades, ...change };
        const basis = { asides: [...everything(input)], findings: [] };
        const facts = input.facts === undefined ? factsWith() : input.facts;
        const { outcome } = evaluateGate("strict", {
          ...input,
          facts,
          glass: glass([], { basis }),
        });
        expect(["deny", "wait"]).toContain(outcome);
      }),
      { numRuns: 300 },
    );
  });

  it("changes anything unless it counts: outcome and every other reason stay (property)", () => {
    const flawed = fc.constantFrom<Partial<GlassInput>>(
      { signed: [] },
      { signed: [given("person:ann")] },
      { usedBy: "p0" },
      { policy: { allowed: "none", longest: 1e9 } },
      { now: { ...about, release: digest("9") } },
    );
    const inputs = fc.constantFrom<Partial<GateInput>>({}, bad, { evidence: [] }, ...never.map(([, one]) => one)); // prettier-ignore
    fc.assert(
      fc.property(flawed, inputs, (flaw, change) => {
        const input = { ...good, ...change };
        const before = evaluateGate("baseline", input);
        const after = evaluateGate("baseline", { ...input, glass: glass(everything(input), flaw) });
        expect(after.outcome).toBe(before.outcome);
        expect(after.brokenGlass).toBeUndefined();
        expect(after.reasons.filter(({ rule }) => rule !== "break-glass")).toEqual(before.reasons);
      }),
      { numRuns: 200 },
    );
  });

  it("holds for a ground that was copied: whoever makes it anew has not said that it may be set aside", () => {
    const [denied] = gateGrounds("baseline", { ...good, ...bad }).filter((one) => asideOf(one));
    expect(denied && asideOf(denied)?.of).toBe("check smoke");
    expect(denied && asideOf({ ...denied })).toBeUndefined();
  });

  it("is asked for by a return of traffic, nor by what has ended", () => {
    const input = { ...good, ...bad, glass: glass([smokeFails]), facts: factsWith() };
    const { decision } = decideGate("baseline", { ...input, ended: "deployed" });
    expect(decision.outcome).toBe("deny");
    expect(evaluateGate("baseline", { ...input, returning: true }).brokenGlass).toBeUndefined();
  });
});

describe("admission", () => {
  const admitted: AdmissionInput = {
    kind: "promotion",
    service: "shop",
    environment: "production",
    release: digest("a"),
    configuration: digest("b"),
    now,
    preset: "baseline",
    minimumIsolation: "none",
    grades: good.grades,
    artifacts: [{ name: "tree", digest: digest("1"), state: "verified" }],
    keys: { needed: [], given: [] },
    unresolved: null,
    predecessors: [{ environment: "staging", verifiedAt: null, healthy: null, soakMs: 0 }],
    requirements: [],
    live: null,
    ledger: [],
  };
  const decided = (change: Partial<AdmissionInput>) => decideAdmission({ ...admitted, ...change }).decision; // prettier-ignore
  const own = glass([aside("predecessor staging"), aside("review BG-0"), aside("artifact tree"), aside("secret")]); // prettier-ignore

  it("passes an environment that has not verified it, and a review that is owed, where both were signed", () => {
    const reviews = [{ glass: "BG-0", promotion: "p0", usedAt: now, due: later }];
    expect(decided({ reviews }).outcome).toBe("deny");
    expect(decided({ reviews, glass: own })).toMatchObject({
      outcome: "break-glass",
      brokenGlass: { setAside: ["predecessor staging", "review BG-0"] },
    });
  });

  it("passes no artifact with other bytes, no missing key or secret, whatever was signed", () => {
    const artifacts = [{ name: "tree", digest: digest("1"), state: "mismatch" as const }];
    expect(decided({ glass: own, artifacts }).outcome).toBe("deny");
    expect(decided({ glass: own, unresolved: "nobody has set it" }).outcome).toBe("deny");
    expect(decided({ glass: own, keys: { needed: ["A"], given: [] } }).outcome).toBe("deny");
  });

  it("lets a return of traffic pass a review that is owed", () => {
    const reviews = [{ glass: "BG-0", promotion: "p0", usedAt: now, due: later }];
    const { outcome, reasons } = decided({ kind: "rollback", reviews });
    expect(outcome).toBe("allow");
    expect(JSON.stringify(reasons)).toContain("a return of traffic is not held up by it");
  });
});
