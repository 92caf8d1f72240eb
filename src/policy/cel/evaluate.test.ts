import { describe, expect, it } from "vitest";
import { compiledOrProblem, evaluate } from "./evaluate.ts";
import { RuleProblem } from "./problem.ts";
import { noFindings, sampleFacts, sampleFinding } from "./sample-facts.ts";

function problem(expression: string): string {
  const found = compiledOrProblem(expression);
  return found instanceof RuleProblem
    ? `${found.at}: ${found.message} | ${found.hint ?? ""}`
    : "none";
}

describe("an expression", () => {
  it.each([
    ["findings.new.high == 0"],
    ["findings.new.critical + findings.new.high < 1"],
    ["findings.items.all(f, f.severity != 'critical' || f.waived)"],
    ["!findings.items.exists(f, f.knownExploited)"],
    ["changes.paths.exists(p, p.glob('src/auth/**'))"],
    ["changes.paths.filter(p, p.startsWith('src/')).size() == 1"],
    ["approvals.filter(a, a.check == 'go-live').map(a, a.person).distinct().size() >= 2"],
    ["approvals.exists_one(a, a.role == 'security')"],
    ["live == null || live.sinceSeconds > 3600"],
    ["now - release.createdAt <= duration('24h')"],
    ["release.createdAt > timestamp('2026-01-01T00:00:00Z')"],
    ["now.getDayOfWeek() == 6 && now.getHours() == 12"],
    ["checks.smoke.verdict == 'pass' && checks['smoke'].requests > 10"],
    ["'smoke' in checks && has(checks.smoke) && !has(checks.dast)"],
    ["sbom.licences.all(l, l in ['MIT', 'Apache-2.0'])"],
    ["sbom.licences.all(l, !l.matches('(?i)^a?gpl'))"],
    ["environment.tier == 'production' ? findings.open.total < 2 : findings.open.total > 90"],
    ["double(findings.open.low) / double(findings.open.total) > 0.5"],
    ["configuration.changed != [] && configuration.changed[0] == 'LOG_LEVEL'"],
    ["findings.byKind.dependency.low == 1"],
    ["findings.byKind.all(kind, kind == 'dependency')"],
    ["-findings.open.low == -1 && findings.open.low * 3 % 2 == 1"],
    ["service + '/' + environment.name == 'shop/production'"],
    ["service.size() == 4 && size(checks) == 1 && checks.size() == 1"],
    ["service.contains('ho') && service.endsWith('op')"],
    ["int(double(findings.open.low) * 2.9) == 2"],
    ["duration('90s').getSeconds() == 90 * findings.open.low"],
    ["findings.items.map(f, f.severity == 'low', f.id) == ['f-1']"],
  ])("%s holds of a good release", (expression) => {
    expect(problem(expression)).toBe("none");
    expect(evaluate(expression, sampleFacts())).toEqual({
      holds: true,
      unknown: null,
      leanedOn: [],
    });
  });

  it.each([
    ["a false", "findings.open.low == 0", null, ["findings.open.low is 1"]],
    [
      "null",
      "sbom.components < 10",
      "sbom is null: it is not known",
      ["sbom is null: it is not known"],
    ],
    [
      "a division by zero",
      "findings.open.low / findings.new.low == 1",
      "it divides by zero",
      ["findings.open.low is 1", "findings.new.low is 0"],
    ],
    [
      "a rest by zero",
      "findings.open.low % findings.new.low == 1",
      "it divides by zero",
      ["findings.open.low is 1", "findings.new.low is 0"],
    ],
    [
      "a key that is not there",
      "checks.dast.verdict == 'pass'",
      "there is no checks.dast",
      ["there is no checks.dast"],
    ],
    [
      "a place that is not there",
      "approvals[2].person == 'ada'",
      "approvals has no such place",
      ["approvals has no such place"],
    ],
    [
      "an overflow",
      "release.ageSeconds * 9007199254740991 > 0",
      "it is too large a number",
      ["release.ageSeconds is 86400"],
    ],
    [
      "an infinite number",
      "1.0 / double(findings.new.low) > 0.5",
      "it divides by zero",
      ["findings.new.low is 0"],
    ],
  ])("denies on %s and says what it leaned on", (_what, expression, unknown, leanedOn) => {
    expect(problem(expression)).toBe("none");
    expect(evaluate(expression, sampleFacts({ sbom: null }))).toEqual({
      holds: false,
      unknown,
      leanedOn,
    });
  });

  it("names the item of a list that it failed at", () => {
    const items = [sampleFinding(), sampleFinding({ id: "f-2", severity: "critical" })];
    const findings = { ...sampleFacts().findings!, items };
    expect(
      evaluate(
        "findings.items.all(f, f.severity != 'critical' || f.waived)",
        sampleFacts({ findings }),
      ),
    ).toEqual({
      holds: false,
      unknown: null,
      leanedOn: [
        "the first is findings.items[1] of 2",
        'its id is "f-2"',
        'f.severity is "critical"',
        "f.waived is false",
      ],
    });
  });

  it("does without an answer only where the other side decides", () => {
    const facts = sampleFacts({ sbom: null });
    expect(evaluate("sbom.components > 0 || service == 'shop'", facts).holds).toBe(true);
    expect(evaluate("service == 'shop' || sbom.components > 0", facts).holds).toBe(true);
    expect(evaluate("sbom.components > 0 || service == 'x'", facts).unknown).toContain("sbom");
    expect(evaluate("service == 'x' && sbom.components > 0", facts).unknown).toBe(null);
    expect(evaluate("!(sbom.components > 0)", facts)).toMatchObject({ holds: false });
  });
});

describe("steps are counted when it is evaluated:", () => {
  const paths = Array.from({ length: 1_000 }, (_, at) => `src/${"x".repeat(200)}/${at}`);
  const long = sampleFacts({ changes: { paths, classes: [] } });

  it.each([
    ["a loop", "changes.paths.all(p, p != 'x')", 4_000],
    ["a pattern", "changes.paths.all(p, p.matches('^src/'))", 200_000],
    ["a glob", "changes.paths.all(p, p.glob('src/**'))", 200_000],
    ["a search", "changes.paths.all(p, p.contains('src'))", 17_900],
    ["a joined text", "changes.paths.all(p, p + 'a' != 'x')", 200_000],
    ["a length", "changes.paths.all(p, p.size() > 3)", 200_000],
    ["different ones", "changes.paths.distinct().size() == 1000", 1_000],
    ["a list searched through", "!('y' in changes.paths)", 1_000],
    ["a filter", "changes.paths.filter(p, p != 'x').size() == 1000", 4_000],
    ["one of all", "!changes.paths.exists_one(p, p == 'x')", 4_000],
  ])("%s", (_what, expression, least) => {
    const budget = { left: 5_000_000 };
    expect(evaluate(expression, long, budget)).toMatchObject({ holds: true });
    const steps = 5_000_000 - budget.left;
    expect(steps).toBeGreaterThanOrEqual(least);
    expect(steps).toBeLessThan(least * 1.2 + 10_000);
    const exhausted = evaluate(expression, long, { left: steps - 1 });
    expect(exhausted).toMatchObject({
      holds: false,
      unknown: expect.stringContaining("too many steps") as string,
    });
    // Nothing does without that answer, not even a side that decides.
    expect(evaluate(`${expression} || service == 'shop'`, long, { left: 10 }).holds).toBe(false);
  });

  it("a bound that is kept holds for every size that it reckons with", () => {
    const findings = {
      ...sampleFacts().findings!,
      items: Array.from({ length: 10_000 }, () => sampleFinding()),
    };
    for (const expression of [
      "findings.items.all(f, f.severity != 'critical' || f.waived)",
      "findings.items.all(f, f.aliases.all(a, a.contains('CVE')))",
      "findings.items.filter(f, !f.new).map(f, f.id).distinct().size() == 1",
    ]) {
      const compiled = compiledOrProblem(expression);
      if (compiled instanceof RuleProblem) throw compiled;
      const budget = { left: 5_000_000 };
      expect(evaluate(expression, sampleFacts({ findings }), budget).holds).toBe(true);
      expect(5_000_000 - budget.left).toBeLessThanOrEqual(compiled.cost);
    }
  });
});

it("reads maps in one order, however they were written: what is kept is decided again to the byte", () => {
  const { smoke } = sampleFacts().checks;
  const some = { ...smoke!, verdict: "fail" as const };
  const said = [
    { b: some, a: some },
    { a: some, b: some },
  ].map((checks) =>
    evaluate("checks.all(name, checks[name].verdict == 'pass')", sampleFacts({ checks })),
  );
  expect(said[0]).toEqual(said[1]);
  expect(said[0]?.leanedOn[0]).toBe("the first is checks[0] of 2");
});

describe("refused before it is ever evaluated, with a place, is", () => {
  it.each([
    [
      "a slip in a field",
      "findings.new.hihg == 0",
      "13: there is no field `hihg` in findings.new | did you mean `high`?",
    ],
    [
      "a slip in a name",
      "fidnings.new.high == 0",
      "0: there is no fact `fidnings` | did you mean `findings`?",
    ],
    [
      "a slip in a word",
      "findings.items.all(f, f.severity != 'hgih')",
      "36: f.severity is never `hgih` | did you mean `high`?",
    ],
    [
      "a slip in a list of words",
      "colour in ['blue', 'gren']",
      "10: colour is never `gren` | did you mean `green`?",
    ],
    [
      "a slip in a key",
      "findings.byKind.secrte.total == 0",
      "16: findings.byKind never has `secrte` | did you mean `secret`?",
    ],
    [
      "a name with a dash",
      "checks.pen-test.verdict == 'pass'",
      "11: there is no fact `test` | a name with a dash stands in brackets: `['pen-test']`",
    ],
    [
      "a choice of lists",
      "service == 'shop' ? ['a'] : changes.paths",
      "36: both answers have to be of one plain type: list of string and list of string | ",
    ],
    [
      "a number",
      "findings.new.high",
      "13: a rule's condition has to be of type bool | it is of type int",
    ],
    [
      "two types",
      "findings.new.high == '0'",
      "18: int and string do not compare | compare values of one type",
    ],
    [
      "int and double",
      "findings.new.high < 1.0",
      "18: int and double do not compare | write whole numbers without a point, or `double(…)`",
    ],
    [
      "a version in order",
      "release.version > '1.9'",
      "16: texts have no order here | text goes letter by letter, so that 1.10 comes before 1.9; compare with `==` or `in`",
    ],
    [
      "a constant",
      "true",
      "0: this is the same for every promotion | it reads none of the facts; leave it out, or compare a fact",
    ],
    [
      "a constant side",
      "findings.new.high == 0 || 1 == 1",
      "28: this is the same for every promotion | it reads none of the facts; leave it out, or compare a fact",
    ],
    [
      "a loop that reads nothing of its items",
      "findings.items.exists(f, service == 'shop')",
      "33: this does not read `f`: it is the same for every item | ask something of `f`",
    ],
    [
      "a count below zero",
      "findings.new.high >= 0",
      "18: findings.new.high is never below 0, so this says nothing | write `== 0` or `> 0`",
    ],
    [
      "a fact compared with itself",
      "service == service",
      "8: service is compared with itself | compare it with something else",
    ],
    ["a null that cannot be", "service == null", "0: service is never null | it is of type string"],
    [
      "an unknown function",
      "random() < 1",
      "0: there is no function `random` | one of size, timestamp, duration, int, double, has",
    ],
    [
      "another time zone",
      "now.getHours('Europe/Berlin') > 8",
      "4: `getHours` takes no argument | it is in UTC, always",
    ],
    [
      "`has` of a field",
      "has(findings.new)",
      "0: fields are always there; `has` is for maps | write `findings.new != null`",
    ],
    [
      "a lookahead",
      "service.matches('(?=a)')",
      "16: `(?=a)` is no pattern | the syntax is RE2's: no lookaround and no back reference",
    ],
    [
      "an unfinished one",
      "findings.new.high ==",
      "18: syntax error: it cannot be read on from `==` | is an operand, a quote or a bracket missing there? the language is CEL",
    ],
    [
      "a loop in a loop over everything",
      "findings.items.all(a, findings.items.exists(b, a.id == b.id))",
      "15: it may take 600040003 steps, more than 5000000 | loops within loops multiply; use the counts (`findings.new.high`), or one loop with `&&` in it",
    ],
  ])("%s", (_what, expression, said) => {
    expect(problem(expression)).toBe(said);
  });

  it("one that is too long, or nested too deeply", () => {
    expect(problem(`service == '${"x".repeat(2_000)}'`)).toContain("more than 2000");
    expect(problem(`${"(".repeat(50)}service == 'x'${")".repeat(50)}`)).toContain("nested deeper");
    expect(problem(`service == 'x'${" && service == 'y'".repeat(60)}`)).toBe("none");
    expect(problem(`${"!(".repeat(39)}service == 'x'${")".repeat(39)}`)).toBe("none");
    expect(problem(`findings.new.high${" + 1".repeat(200)} > 0`)).toContain("nested deeper");
  });

  it("one whose place is right behind characters of two units", () => {
    expect(problem("service != '😀' && fidnings == null")).toMatch(/^19: /);
  });
});

it("the counts of findings are whole numbers and never below zero", () => {
  for (const name of Object.keys(noFindings)) {
    expect(problem(`findings.open.${name} == 0`)).toBe("none");
    expect(problem(`findings.open.${name} < 0`)).toContain("never below 0");
  }
});
