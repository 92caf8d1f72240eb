import { describe, expect, it } from "vitest";
import type { PlannedRule } from "../model/gate-rule.ts";
import { noFindings, sampleFacts, sampleFinding } from "./cel/sample-facts.ts";
import { decideGate, type GateInput } from "./gate.ts";
import { ruleGrounds, type RulesInput } from "./rules.ts";

const facts = sampleFacts();
const subject = {
  service: facts.service,
  environment: facts.environment.name,
  release: facts.release.digest,
  configuration: facts.configuration.digest,
  colour: facts.colour,
};
const rule = (require: string, more: Partial<PlannedRule> = {}): PlannedRule => ({
  name: "no-high",
  require,
  from: "pipeline",
  ...more,
});
const input = (rules: readonly PlannedRule[], more: Partial<RulesInput> = {}): RulesInput => ({
  subject,
  now: facts.now,
  rules,
  facts,
  ...more,
});
const high = sampleFacts({
  findings: { ...facts.findings!, new: { ...noFindings, total: 3, high: 3 } },
});

describe("a rule of a gate", () => {
  it("that is true lets through, and says its condition on one line", () => {
    expect(ruleGrounds(input([rule("findings.new.high\n  == 0")]))).toEqual([
      { outcome: "allow", rule: "rule.no-high", message: "rule no-high: findings.new.high == 0" },
    ]);
  });

  it("that is false denies with its words, or its condition, and the values that it leaned on", () => {
    const because = "nothing gets worse";
    const said = ruleGrounds(
      input([rule("findings.new.high == 0"), rule("findings.new.high == 0", { because })], {
        facts: high,
      }),
    );
    expect(said).toEqual([
      {
        outcome: "deny",
        rule: "rule.no-high",
        message: "rule no-high: not true: findings.new.high == 0 (findings.new.high is 3)",
      },
      {
        outcome: "deny",
        rule: "rule.no-high",
        message: "rule no-high: nothing gets worse (findings.new.high is 3)",
      },
    ]);
  });

  it("of the floor says so", () => {
    const [said] = ruleGrounds(input([rule("live == null", { from: "floor" })]));
    expect(said).toEqual({
      outcome: "deny",
      rule: "rule.no-high",
      message: "rule no-high of the environment: not true: live == null (live is known)",
    });
  });

  it("without an answer denies with the reason, once", () => {
    const [said] = ruleGrounds(input([rule("checks.dast.verdict == 'pass'")]));
    expect(said?.message).toBe(
      "rule no-high: not true: checks.dast.verdict == 'pass' (there is no checks.dast)",
    );
    expect(said?.outcome).toBe("deny");
  });

  it("without an answer says that first, and then what it leaned on", () => {
    const [said] = ruleGrounds(input([rule("findings.open.low / findings.new.low == 1")]));
    expect(said?.message).toBe(
      "rule no-high: not true: findings.open.low / findings.new.low == 1 (it divides by zero; findings.open.low is 1; findings.new.low is 0)",
    );
  });

  it("is said as far as anybody reads: its name, its words and its condition end somewhere", () => {
    const said = (one: PlannedRule) => ruleGrounds(input([one], { facts: null }))[0]?.message ?? "";
    const because = "b".repeat(500);
    expect(said(rule("live != null", { because }))).toContain(` ${"b".repeat(400)}… (`);
    expect(said(rule("live != null", { name: "n".repeat(80) }))).toContain(
      `rule ${"n".repeat(63)}…: `,
    );
    const long = `'${"x".repeat(300)}' == service`;
    expect(said(rule(long))).toContain(`not true: '${"x".repeat(159)}… (`);
  });

  it("that has nothing to show for it says no more than that it is not true", () => {
    const items = Array.from({ length: 10_000 }, () => sampleFinding());
    // To find out what it leaned on would take more steps than a rule may.
    const dear = `${"findings.items.all(f, f.id != 'x') && (".repeat(30)}service == 'x'${")".repeat(30)}`;
    const [said] = ruleGrounds(
      input([rule(dear, { because: "no" })], {
        facts: sampleFacts({ findings: { ...facts.findings!, items } }),
      }),
    );
    expect(said).toEqual({ outcome: "deny", rule: "rule.no-high", message: "rule no-high: no" });
  });

  it("that is none any more denies", () => {
    const [said] = ruleGrounds(input([rule("findings.new.hihg == 0")]));
    expect(said).toMatchObject({
      outcome: "deny",
      message: expect.stringContaining("it is no valid rule: there is no field") as string,
    });
  });

  it.each([
    ["absent", undefined],
    ["null", null],
  ])("denies when the facts are %s", (_what, none) => {
    const [said] = ruleGrounds(input([rule("findings.new.high == 0")], { facts: none }));
    expect(said).toMatchObject({ outcome: "deny", rule: "rule.no-high" });
    expect(said?.message).toContain("the facts of this decision were not gathered");
  });

  it.each([
    ["service", { service: "blog" }],
    ["environment", { environment: { name: "staging", tier: "staging" as const } }],
    ["colour", { colour: "blue" as const }],
    ["release", { release: { ...facts.release, digest: `sha256:${"f".repeat(64)}` } }],
    ["configuration", { configuration: { digest: `sha256:${"f".repeat(64)}`, changed: null } }],
    ["time", { now: "2026-01-31T12:00:01.000Z" }],
  ])("denies on facts of another %s", (what, changed) => {
    const [said] = ruleGrounds(
      input([rule("findings.new.high == 0")], { facts: sampleFacts(changed) }),
    );
    expect(said?.outcome).toBe("deny");
    expect(said?.message).toContain(`the facts are those of another decision (other ${what})`);
  });

  it("denies on facts of a wholly other decision, and names all that is other", () => {
    const other = sampleFacts({ service: "blog", colour: "blue" });
    const [said] = ruleGrounds(input([rule("live != null", { because: "no" })], { facts: other }));
    expect(said?.message).toBe(
      "rule no-high: no (the facts are those of another decision (other service, colour); start the promotion again)",
    );
  });

  it("does not hold up a return, and says what it would have said", () => {
    const rules = [rule("findings.new.high == 0"), rule("live != null", { name: "b" })];
    expect(ruleGrounds(input(rules, { facts: high, returning: true }))).toEqual([
      {
        outcome: "allow",
        rule: "rule.no-high",
        message:
          "rule no-high: not true: findings.new.high == 0 (findings.new.high is 3); a return is not held up by it",
      },
      { outcome: "allow", rule: "rule.b", message: "rule b: live != null" },
    ]);
    expect(ruleGrounds(input(rules, { facts: null, returning: true }))).toMatchObject([
      { outcome: "allow" },
      { outcome: "allow" },
    ]);
  });

  it("shows nothing of a value that could pass for something else", () => {
    const evil = sampleFacts({ release: { ...facts.release, createdBy: "\u202Eeve\n\u001B[2J" } });
    const [said] = ruleGrounds(input([rule("release.createdBy == 'ada'")], { facts: evil }));
    expect(said?.message).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  it("is one of the grounds of the gate, and none where there are no rules", () => {
    const gate: GateInput = {
      subject,
      now: facts.now,
      checks: [],
      evidence: [],
      predecessors: [],
      requirements: [],
      minimumIsolation: "none",
      grades: facts.grades,
      ledger: null,
    };
    expect(decideGate("baseline", gate).decision.outcome).toBe("allow");
    const rules = [rule("findings.new.high == 0"), rule("live != null", { name: "b" })];
    expect(decideGate("baseline", { ...gate, rules, facts }).decision.outcome).toBe("allow");
    const denied = decideGate("baseline", { ...gate, rules, facts: high }).decision;
    expect(denied).toMatchObject({
      outcome: "deny",
      reasons: [{ rule: "rule.no-high" }, {}, {}, {}, {}, {}],
    });
    expect(decideGate("baseline", { ...gate, rules }).decision.outcome).toBe("deny");
  });
});
