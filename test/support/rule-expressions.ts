import fc from "fast-check";
import type { FactFinding, GateFacts } from "../../src/model/gate-facts.ts";
import { noFindings, sampleFacts, sampleFinding } from "../../src/policy/cel/sample-facts.ts";

/** Expressions that are made by the types of the facts: most are right, some (constants) are refused. */
const { tree } = fc.letrec<Record<"int" | "bool" | "text" | "tree", string>>((tie) => ({
  int: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom(
      "0",
      "1",
      "3",
      "findings.new.high",
      "findings.open.total",
      "findings.byKind.dependency.high",
      "findings.byKind.secret.total",
      "live.sinceSeconds",
      "release.ageSeconds",
      "checks.smoke.requests",
      "checks.dast.requests",
      "approvals[0].ageSeconds",
      "size(findings.items)",
      "changes.paths.size()",
      "(now - release.createdAt).getSeconds()",
      "now.getDayOfWeek()",
      "service.size()",
      "approvals.map(a, a.person).distinct().size()",
      "findings.items.filter(f, f.severity == 'high').size()",
    ),
    fc
      .tuple(tie("int"), fc.constantFrom("+", "-", "*", "/", "%"), tie("int"))
      .map(([a, sign, b]) => `(${a} ${sign} ${b})`),
    tie("int").map((a) => `-(${a})`),
  ),
  text: fc.constantFrom(
    "service",
    "environment.name",
    "colour",
    "live.version",
    "'shop'",
    "release.version",
    "checks['smoke'].uses",
    "(service + '/' + release.version)",
  ),
  bool: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc
      .tuple(tie("int"), fc.constantFrom("==", "!=", "<", "<=", ">", ">="), tie("int"))
      .map(([a, sign, b]) => `${a} ${sign} ${b}`),
    fc.tuple(tie("text"), fc.constantFrom("==", "!="), tie("text")).map((all) => all.join(" ")),
    fc
      .tuple(tie("text"), fc.constantFrom("startsWith", "endsWith", "contains"), tie("text"))
      .map(([a, method, b]) => `${a}.${method}(${b})`),
    fc.constantFrom(
      "evidence.provenance",
      "live == null",
      "changes != null",
      "has(checks.dast)",
      "'secret' in findings.byKind",
      "'smoke' in checks",
      "service in ['shop', 'blog']",
      "colour in ['blue']",
      "changes.paths.exists(p, p.glob('src/**'))",
      "changes.paths.all(p, p.matches('^[a-z/.]+$'))",
      "findings.items.all(f, f.severity != 'critical' || f.waived)",
      "findings.items.exists(f, f.knownExploited && f.ageSeconds > 60)",
      "findings.items.exists_one(f, f.severity == 'high')",
      "findings.items.all(f, f.aliases.exists(a, a.startsWith('CVE')))",
      "findings.items.all(f, checks[f.id].requests > 0)",
      "findings.items.exists(f, 10 / f.ageSeconds > 3)",
      "findings.items.filter(f, f.new).all(f, f.fixable)",
      "approvals.exists(a, a.role == 'security')",
      "approvals.exists(a, a.role == null)",
      "now - release.createdAt < duration('1h')",
      "release.createdAt > timestamp('2026-01-30T00:00:00Z')",
      "checks.all(name, checks[name].verdict == 'pass')",
      "configuration.changed == []",
      "findings.scannedBy == ['sast']",
    ),
    fc.tuple(tie("bool"), tie("bool")).map(([a, b]) => `(${a}) && (${b})`),
    fc.tuple(tie("bool"), tie("bool")).map(([a, b]) => `(${a}) || (${b})`),
    tie("bool").map((a) => `!(${a})`),
    fc.tuple(tie("bool"), tie("bool"), tie("bool")).map(([a, b, c]) => `(${a}) ? (${b}) : (${c})`),
  ),
  tree: tie("bool"),
}));
export const expression = tree;

/** Pieces of expressions in any order, and any text at all. */
export const nonsense = fc.oneof(
  fc
    .array(
      fc.constantFrom(
        ..."findings|.new|.high|.items|.all(f, |.exists(x, |)|(|==|!=|&&|\\|\\||!|-|0|1.5|'a'|\"|null|true|[|]|{|}|?|:|in|has(|size(|live|now|f.severity|,|$| |99999999999|.map(|.matches('|**|😀|__proto__|constructor|dyn("
          .replaceAll("\\|", "¦")
          .split("|")
          .map((piece) => piece.replaceAll("¦", "|")),
      ),
      { maxLength: 14 },
    )
    .map((pieces) => pieces.join("")),
  fc.string({ unit: "binary", maxLength: 30 }),
);

const counts = fc
  .record({ high: fc.nat(3), critical: fc.nat(2), low: fc.nat(2) })
  .map((some) => ({ ...noFindings, ...some, total: some.high + some.critical + some.low }));

const finding: fc.Arbitrary<FactFinding> = fc
  .record({
    id: fc.constantFrom("smoke", "f-2", "constructor"),
    severity: fc.constantFrom("critical" as const, "high" as const, "low" as const),
    aliases: fc.subarray(["CVE-2026-0001", "GHSA-aaaa-bbbb-cccc"]),
    new: fc.boolean(),
    ageSeconds: fc.constantFrom(0, 3, 90),
    fixable: fc.boolean(),
    knownExploited: fc.boolean(),
    waived: fc.boolean(),
  })
  .map((changed) => sampleFinding(changed));

/** Facts of every kind: good, bad, and not known. */
export const anyFacts: fc.Arbitrary<GateFacts> = fc
  .record({
    findings: fc.option(
      fc.record({
        open: counts,
        new: counts,
        byKind: fc.oneof(fc.constant({}), fc.record({ dependency: counts })),
        scannedBy: fc.subarray(["sast", "dependencies"]),
        items: fc.option(fc.array(finding, { maxLength: 4 })),
      }),
    ),
    live: fc.option(
      fc.record({
        release: fc.constant(`sha256:${"c".repeat(64)}`),
        version: fc.constantFrom("1.4.0", "shop"),
        sinceSeconds: fc.constantFrom(0, 60, 90_000),
      }),
    ),
    changes: fc.option(
      fc.record({
        paths: fc.subarray(["README.md", "src/auth/login.ts", "src/😀.ts"]),
        classes: fc.subarray(["authentication"]),
      }),
    ),
    checks: fc
      .subarray(["smoke", "dast"])
      .map((names) =>
        Object.fromEntries(names.map((name) => [name, sampleFacts().checks["smoke"]!])),
      ),
    sbom: fc.constant(null),
    approvals: fc.array(
      fc.record({
        check: fc.constant("go-live"),
        person: fc.constantFrom("ada", "grace"),
        role: fc.constantFrom("security", null),
        ageSeconds: fc.nat(100),
      }),
      { maxLength: 3 },
    ),
    configuration: fc.record({
      digest: fc.constant(`sha256:${"a".repeat(64)}`),
      changed: fc.option(fc.subarray(["LOG_LEVEL"])),
    }),
    now: fc.constantFrom("2026-01-31T12:00:00.000Z", "2026-03-29T01:30:00.250Z"),
  })
  .map((changed) => sampleFacts(changed));
