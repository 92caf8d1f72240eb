import { describe, expect, it } from "vitest";
import type { GateFacts } from "../../model/gate-facts.ts";
import { compiledOrProblem, evaluate } from "./evaluate.ts";
import { Exhausted, missing, mostSteps, mostStepsOfAll, spend, Unanswered } from "./frame.ts";
import { RuleProblem } from "./problem.ts";
import { noFindings, sampleFacts, sampleFinding } from "./sample-facts.ts";

const items = [
  sampleFinding(),
  sampleFinding({ id: "f-2", severity: "critical" }),
  sampleFinding({ id: "f-3", severity: "high", waived: true }),
];
const facts = sampleFacts({ sbom: null, findings: { ...sampleFacts().findings!, items } });

describe("a rule that is not true says what it leaned on, and why there is no answer:", () => {
  it.each<[string, string | null, readonly string[]]>([
    [
      "sbom.components > 0 || service == 'x'",
      "sbom is null: it is not known",
      ["sbom is null: it is not known", 'service is "shop"'],
    ],
    [
      "service == 'x' || sbom.components > 0",
      "sbom is null: it is not known",
      ['service is "shop"', "sbom is null: it is not known"],
    ],
    [
      "sbom.components > 0 && service == 'x'",
      null,
      ["sbom is null: it is not known", 'service is "shop"'],
    ],
    [
      "service == 'x' && sbom.components > 0",
      null,
      ['service is "shop"', "sbom is null: it is not known"],
    ],
    ["service == 'x' && colour == 'blue'", null, ['service is "shop"', 'colour is "green"']],
    ["service == 'shop' && colour == 'blue'", null, ['colour is "green"']],
    ["service == 'x' || colour == 'blue'", null, ['service is "shop"', 'colour is "green"']],
    ["!(service == 'shop' || colour == 'blue')", null, ['service is "shop"']],
    ["!(service == 'shop' && colour == 'green')", null, ['service is "shop"', 'colour is "green"']],
    ["!(service == 'x') && colour == 'blue'", null, ['colour is "green"']],
    [
      "sbom.components > 0 || checks.dast.requests > 0",
      "there is no checks.dast",
      ["sbom is null: it is not known", "there is no checks.dast"],
    ],
    [
      "sbom.components > 0 && checks.dast.requests > 0",
      "there is no checks.dast",
      ["sbom is null: it is not known", "there is no checks.dast"],
    ],
    [
      "service == 'shop' ? colour == 'blue' : colour == 'green'",
      null,
      ['service is "shop"', 'colour is "green"'],
    ],
    [
      "service == 'x' ? colour == 'blue' : sbom.components > 0",
      "sbom is null: it is not known",
      ['service is "shop"', 'colour is "green"', "sbom is null: it is not known"],
    ],
    [
      "(sbom.components > 0 ? 1 : 2) == findings.new.high",
      "sbom is null: it is not known",
      ["sbom is null: it is not known", "findings.new.high is 0"],
    ],
    [
      "findings.items.all(f, f.severity == 'low')",
      null,
      ["the first is findings.items[1] of 3", 'its id is "f-2"', 'f.severity is "critical"'],
    ],
    ["findings.items.exists(f, f.severity == 'medium')", null, ["findings.items is a list of 3"]],
    [
      "!findings.items.exists(f, f.severity == 'critical')",
      null,
      ["the first is findings.items[1] of 3", 'its id is "f-2"', 'f.severity is "critical"'],
    ],
    ["!findings.items.all(f, f.id != 'x')", null, ["findings.items is a list of 3"]],
    ["findings.items.exists_one(f, f.severity != 'low')", null, ["findings.items is a list of 3"]],
    ["findings.items.exists_one(f, f.waived) && service == 'x'", null, ['service is "shop"']],
    [
      "checks.all(c, checks[c].verdict == 'fail')",
      null,
      ["the first is checks[0] of 1", "checks is of smoke", 'c is "smoke"'],
    ],
    [
      "changes.paths.all(p, p == 'README.md')",
      null,
      ["the first is changes.paths[1] of 2", 'p is "src/auth/login.ts"'],
    ],
    [
      "changes.paths.filter(p, p == 'x').exists(p, p == 'y')",
      null,
      ['changes.paths is ["README.md", "src/auth/login.ts"]'],
    ],
    [
      "changes.paths.filter(p, p != 'x').all(p, p == 'y')",
      null,
      ["the first is item [0] of 2", 'p is "README.md"'],
    ],
    [
      "changes.paths.map(p, p.size()).all(n, n > 100)",
      null,
      ["the first is item [0] of 2", "n is 9"],
    ],
    [
      "findings.items.filter(f, f.waived).map(f, f.id) == ['f-2']",
      null,
      ["findings.items is a list of 3"],
    ],
    ["findings.items.map(f, f.waived, f.id) == ['f-2']", null, ["findings.items is a list of 3"]],
    [
      "checks.all(c, checks[c].verdict == 'pass' && checks.dast.requests > 0)",
      "there is no checks.dast",
      ["the first is checks[0] of 1", "there is no checks.dast"],
    ],
    [
      "findings.items.all(f, f.aliases[1] == 'x')",
      "f.aliases has no such place",
      ["the first is findings.items[0] of 3", 'its id is "f-1"', "f.aliases has no such place"],
    ],
    [
      "findings.items.all(f, f.aliases[1] == 'x' || f.severity == 'low')",
      "f.aliases has no such place",
      [
        "the first is findings.items[1] of 3",
        'its id is "f-2"',
        "f.aliases has no such place",
        'f.severity is "critical"',
      ],
    ],
    [
      "findings.items.exists(f, f.aliases[1] == 'x')",
      "f.aliases has no such place",
      ["findings.items is a list of 3"],
    ],
    [
      "sbom.licences.all(l, l == 'MIT')",
      "sbom is null: it is not known",
      ["sbom is null: it is not known"],
    ],
    [
      "sbom.licences.exists_one(l, l == 'MIT')",
      "sbom is null: it is not known",
      ["sbom is null: it is not known"],
    ],
    [
      "sbom.licences.filter(l, l == 'MIT').size() == 1",
      "sbom is null: it is not known",
      ["sbom is null: it is not known"],
    ],
    ["approvals[0].person == 'ada'", null, ['approvals[0].person is "grace"']],
    ["changes.paths[0] == 'x'", null, ['changes.paths[0] is "README.md"']],
    ["release.ageSeconds < 10", null, ["release.ageSeconds is 86400"]],
    [
      "now < release.createdAt",
      null,
      ["now is 2026-01-31T12:00:00.000Z", "release.createdAt is 2026-01-30T12:00:00.000Z"],
    ],
    [
      "now - release.createdAt > duration('48h')",
      null,
      ["now is 2026-01-31T12:00:00.000Z", "release.createdAt is 2026-01-30T12:00:00.000Z"],
    ],
    ["live != null && live.version == '9'", null, ['live.version is "1.3.2"']],
    ["live == null", null, ["live is known"]],
    ["environment.name == 'x'", null, ['environment.name is "production"']],
    ["approvals.size() > 5", null, ["approvals is a list of 2"]],
    ["checks.size() > 5", null, ["checks is of smoke"]],
    ["service.size() > 5", null, ['service is "shop"']],
    ["service + 'x' == 'y'", null, ['service is "shop"']],
    ["-findings.open.low == 1", null, ["findings.open.low is 1"]],
    [
      "findings.items.all(f, f.kind == 'dependency' && f.new)",
      null,
      ["the first is findings.items[0] of 3", 'its id is "f-1"', "f.new is false"],
    ],
  ])("%s", (expression, unknown, leanedOn) => {
    expect(evaluate(expression, facts)).toEqual({ holds: false, unknown, leanedOn });
  });

  it("goes on right behind an item that had no answer", () => {
    const two = [sampleFinding({ aliases: [] }), sampleFinding({ aliases: ["x"] })];
    const some = sampleFacts({ findings: { ...facts.findings!, items: two } });
    expect(evaluate("findings.items.exists(f, f.aliases[0] == 'x')", some).holds).toBe(true);
    expect(evaluate("findings.items.all(f, f.aliases[0] != 'x')", some).unknown).toBeNull();
  });

  it("no more than six things, each once", () => {
    const names = ["critical", "high", "medium", "low", "info", "fixable", "overdue"];
    const many = names.map((name) => `findings.new.${name} > 0`).join(" || ");
    expect(evaluate(`${many} || ${many}`, facts).leanedOn).toEqual(
      names.slice(0, 6).map((name) => `findings.new.${name} is 0`),
    );
  });
});

describe("facts that are not what they should be", () => {
  const broken = (changed: object) => ({ ...facts, ...changed }) as unknown as GateFacts;
  const none = (unknown: string) => ({ holds: false, unknown });

  it("lack a field of a later day: then there is no answer, unless another side decides", () => {
    const old = broken({ colour: undefined, release: { ...facts.release, version: undefined } });
    expect(evaluate("colour == 'green'", old)).toMatchObject(none("colour is not in these facts"));
    expect(evaluate("colour != 'green'", old)).toMatchObject(none("colour is not in these facts"));
    expect(evaluate("release.version == '1'", old)).toMatchObject(
      none("release.version is not in these facts"),
    );
    expect(evaluate("release.version == '1' || service == 'shop'", old).holds).toBe(true);
  });

  it("have an instant that is none", () => {
    const created = broken({ release: { ...facts.release, createdAt: "soon" } });
    for (const sign of ["<", ">", "!="]) {
      expect(evaluate(`now ${sign} release.createdAt`, created)).toMatchObject(
        none("release.createdAt is no instant"),
      );
    }
  });

  it("have something else where a list should be, which lets nothing through", () => {
    const odd = broken({ changes: { paths: 5, classes: [] } });
    for (const macro of ["all", "exists", "exists_one"]) {
      expect(evaluate(`changes.paths.${macro}(p, p != 'x')`, odd)).toEqual({
        ...none("the facts are not of their form"),
        leanedOn: [],
      });
    }
  });
});

describe("steps", () => {
  it("end where they are said to end, to the step, and a count that is none ends at once", () => {
    const frame = { facts, slots: [], left: 3 };
    expect(() => spend(frame, 3)).not.toThrow();
    expect(frame.left).toBe(0);
    expect(() => spend(frame, 1)).toThrow(
      "it took too many steps: a rule may take 5000000, all of a decision 20000000",
    );
    expect(() => spend({ ...frame, left: 0.5 }, 1)).toThrow(Exhausted);
    expect(() => spend({ ...frame, left: Number.NaN }, 1)).toThrow(Exhausted);
    expect([mostSteps, mostStepsOfAll]).toEqual([5_000_000, 20_000_000]);
  });

  it("are charged to those of all rules, whether a rule came out or not", () => {
    for (const expression of ["service == 'shop'", "service == 'x'"]) {
      const budget = { left: 100 };
      evaluate(`${expression} && changes.paths.all(p, p != 'x')`, facts, budget);
      expect(budget.left).toBeLessThanOrEqual(100);
    }
    const budget = { left: 100 };
    evaluate("changes.paths.all(p, p != 'x') && sbom.components > 0", facts, budget);
    expect(budget.left).toBeGreaterThan(0);
    expect(budget.left).toBeLessThan(100);
    const few = { left: 5 };
    expect(evaluate("changes.paths.all(p, p != 'x')", facts, few).holds).toBe(false);
    expect(few.left).toBeLessThanOrEqual(0);
  });

  it("of a loop in a loop are counted one by one", () => {
    const budget = { left: 100 };
    evaluate("findings.items.all(f, f.aliases.all(a, a != 'x'))", sampleFacts(), budget);
    expect(100 - budget.left).toBe(8);
  });

  it("that are too many are no missing answer", () => {
    expect(new Unanswered("x").name).toBe("Unanswered");
    expect(new Exhausted().name).toBe("Exhausted");
    expect(() => missing(new Exhausted())).toThrow(Exhausted);
    expect(missing(new Unanswered("why")).message).toBe("why");
  });
});

describe("a rule that was read", () => {
  it("is kept until five hundred others were", () => {
    // Others than any that was read before.
    const tag = performance.now();
    const read = (at: number) => compiledOrProblem(`service == '${tag} ${at}'`);
    const others = (from: number, many: number) => {
      for (let at = from; at < from + many; at += 1) read(at);
    };
    const first = read(-1);
    others(0, 499);
    expect(read(-1)).toBe(first);
    others(499, 1);
    expect(read(-1)).not.toBe(first);
  });

  it("and is none at all denies like one that is wrong", () => {
    for (const none of [5, null, undefined, {}]) {
      const found = compiledOrProblem(none as unknown as string);
      expect(found).toBeInstanceOf(RuleProblem);
      expect((found as RuleProblem).at).toBe(0);
      expect(evaluate(none as unknown as string, facts)).toEqual({
        holds: false,
        unknown: "it is no valid rule: it cannot be read",
        leanedOn: [],
      });
    }
    expect(new RuleProblem(3, "why").name).toBe("RuleProblem");
  });
});

describe("values:", () => {
  const open = { ...noFindings, total: 7, critical: 2, high: 3, low: 1 };
  const some = sampleFacts({ findings: { ...sampleFacts().findings!, open } });
  it.each([
    ["findings.open.total + findings.open.high == 10"],
    ["findings.open.total - findings.open.high == 4"],
    ["findings.open.total * findings.open.high == 21"],
    ["findings.open.total / findings.open.high == 2"],
    ["findings.open.total % findings.open.high == 1"],
    ["(findings.open.low - findings.open.total) / findings.open.critical == -3"],
    ["(findings.open.critical - findings.open.total) / findings.open.critical == -2"],
    ["(findings.open.critical - findings.open.total) % findings.open.critical == -1"],
    ["double(findings.open.total) + 0.5 == 7.5"],
    ["double(findings.open.total) - 0.5 == 6.5"],
    ["double(findings.open.total) * 0.5 == 3.5"],
    ["double(findings.open.total) / 2.0 == 3.5"],
    ["int(double(findings.open.total) / -2.0) == -3"],
    ["-findings.open.total < 0 && -double(findings.open.total) == -7.0"],
    ["findings.open.high <= 3 && findings.open.high >= 3 && findings.open.high > 2"],
    ["!(findings.open.high < 3) && !(findings.open.high > 3) && findings.open.high < 4"],
    ["!(findings.open.high <= 2) && !(findings.open.high >= 4)"],
    ["findings.open.high != 4 && !(findings.open.high != 3) && !(findings.open.high == 4)"],
    ["findings.open.high != findings.open.low && !(findings.open.high == findings.open.low)"],
    ["configuration.changed == ['LOG_LEVEL'] && configuration.changed != ['OTHER']"],
    ["configuration.changed != ['LOG_LEVEL', 'LOG_LEVEL'] && !(configuration.changed == [])"],
    ["live != null && !(live == null)"],
    ["now - duration('24h') == release.createdAt"],
    ["release.createdAt + duration('24h') == now && duration('24h') + release.createdAt == now"],
    [
      "now - release.createdAt + duration('30m') == duration('24h30m') && now - release.createdAt == duration('1440m')",
    ],
    ["now - release.createdAt - duration('23h') == duration('3600s')"],
    [
      "now - release.createdAt > duration('86399s999ms') && now > release.createdAt - duration('1ms')",
    ],
    ["now - release.createdAt < duration('24h1ms') && now - release.createdAt > duration('-1h')"],
    [
      "(now - release.createdAt).getHours() == 24 && (now - release.createdAt).getMinutes() == 1440",
    ],
    ["(now - release.createdAt).getSeconds() == 86400"],
    ["now.getFullYear() == 2026 && now.getMonth() == 0 && now.getDate() == 31"],
    ["now.getMinutes() == 0 && (now + duration('7m')).getMinutes() == 7"],
    [
      "now > timestamp('2026-01-31T12:59:59.999+01:00') && now == timestamp('2026-01-31T12:00:00.0Z')",
    ],
    ["service.startsWith('sh') && !service.startsWith('op') && service.endsWith('op')"],
    ["!service.endsWith('sh') && service.contains('ho') && !service.contains('x')"],
    ["service.matches('^s.op$') && !service.matches('^x')"],
    ["changes.paths.exists(p, p.glob('src/**')) && !changes.paths.all(p, p.glob('src/**'))"],
    ["changes.paths.map(p, p.size()) == [9, 17] && size(changes.paths) == 2"],
    [
      "approvals.map(a, a.check).distinct() == ['go-live'] && approvals.map(a, a.check).size() == 2",
    ],
    ["approvals.filter(a, a.role == 'security').map(a, a.person) == ['edsger']"],
    ["approvals.map(a, a.role == 'security', a.person) == ['edsger']"],
    [
      "approvals.exists_one(a, a.role == 'security') && !approvals.exists_one(a, a.check == 'go-live')",
    ],
    ["!approvals.exists_one(a, a.role == 'nobody') && !approvals.exists(a, a.role == 'nobody')"],
    ["!approvals.all(a, a.role == 'security') && approvals.all(a, a.check == 'go-live')"],
    ["waivers.all(w, w.id == 'x') && !waivers.exists(w, w.id == 'x')"],
    ["'smoke' in checks && !('dast' in checks) && has(checks.smoke) && !has(checks.dast)"],
    ["checks['smoke'].requests == 12 && checks.smoke.requests == 12"],
    ["changes.paths[0] == 'README.md' && changes.paths[1] != 'README.md'"],
    ["'README.md' in changes.paths && !('x' in changes.paths) && service in ['shop', 'x']"],
    ["!(service in ['x', 'y']) && findings.open.high in [1, 2, 3] && !(findings.open.high in [1])"],
    [
      "(service == 'shop' ? 1 : 2) == findings.open.low && (service == 'x' ? 1 : 2) == findings.open.critical",
    ],
    ["(service == 'shop' ? 'a' : 'b') == (service == 'x' ? 'b' : 'a')"],
    ["service + '-' + colour == 'shop-green'"],
    [
      "findings.byKind.all(k, findings.byKind[k].low == 1) && findings.byKind.exists(k, k != 'code')",
    ],
  ])("%s", (expression) => {
    const found = compiledOrProblem(expression);
    expect(found instanceof RuleProblem ? found.message : "").toBe("");
    expect(evaluate(expression, some)).toEqual({ holds: true, unknown: null, leanedOn: [] });
  });
});
