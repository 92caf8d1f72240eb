import { sampleFacts, sampleFinding } from "../../../src/policy/cel/sample-facts.ts";
import { countsOf } from "../../../src/engine/facts/findings.ts";
import { canonicalJson } from "../../../src/model/canonical.ts";
import type { PlannedRule } from "../../../src/model/gate-rule.ts";
import type { FactFinding } from "../../../src/model/gate-facts.ts";
import { demandDigest } from "../../../src/policy/evidence.ts";
import type { GateInput } from "../../../src/policy/gate.ts";

const severities = ["high", "medium", "low", "info"] as const;
const kinds = ["dependency", "code", "web", "secret"] as const;

/** Findings of all kinds, no critical one, so that no rule may stop at the first. */
export function findings(count: number): FactFinding[] {
  const made = Array.from({ length: count }, (_, at) =>
    sampleFinding({
      id: `F-${at}`,
      kind: kinds[at % 4] ?? "code",
      severity: severities[Math.floor((4 * at) / count)] ?? "info",
      rule: `GHSA-${at % 977}`,
      aliases: [`CVE-2026-${10_000 + (at % 4_001)}`],
      new: at % 50 === 0,
      ageSeconds: (at * 7_919) % 31_536_000,
      fixable: at % 3 === 0,
    }),
  );
  // With their keys in canonical order, as the engine makes them.
  return JSON.parse(canonicalJson(made)) as FactFinding[];
}

/** What people ask: most over counts, checks and paths; every fifth looks at each finding, none stops early. */
const asked: readonly string[] = [
  "findings.new.critical == 0",
  "findings.open.critical == 0 && findings.new.high <= 200",
  "checks.smoke.verdict == 'pass' && checks.smoke.ageSeconds < 3600",
  "!changes.paths.exists(p, p.startsWith('infra/'))",
  "!findings.items.exists(f, f.severity == 'critical' && !f.waived)",
  "sbom.components > 0 && !('AGPL-3.0' in sbom.licences)",
  "live == null || size(configuration.changed) < 20",
  "size(approvals) >= 1 && grades.governance == 'team'",
  "evidence.provenance && evidence.sbom",
  "findings.items.all(f, f.ageSeconds < 40000000 || f.severity == 'low' || f.waived)",
];

export function rules(count: number, only?: string): readonly PlannedRule[] {
  return Array.from({ length: count }, (_, at) => ({
    name: `rule-${at}`,
    require: only ?? asked[at % asked.length] ?? "true",
    from: at % 2 === 0 ? "floor" : "pipeline",
  }));
}

/** A decision at a strict gate over all that it may know. */
export function gateInput(
  found: readonly FactFinding[],
  planned: readonly PlannedRule[],
): GateInput {
  const facts = sampleFacts({
    findings: { ...countsOf(found), scannedBy: ["trivy", "semgrep"] },
  });
  const { service, environment, colour, release, configuration, now, grades } = facts;
  const subject = {
    service,
    environment: environment.name,
    colour,
    release: release.digest,
    configuration: configuration.digest,
  };
  const check = {
    name: "smoke",
    uses: "http",
    with: { path: "/" },
    phase: "deployed" as const,
    allowWarn: false,
  };
  const { service: _s, environment: _e, colour: _c, ...bound } = subject;
  return {
    subject,
    now,
    checks: [check],
    evidence: [
      {
        check: "smoke",
        demand: demandDigest(check),
        service,
        environment: environment.name,
        colour,
        ...bound,
        verdict: "pass",
        exercised: { requests: 12, assertions: 30, files: 0 },
        summary: "12 requests were answered as asked",
        at: now,
        expiresAt: null,
      },
    ],
    predecessors: [],
    requirements: [],
    minimumIsolation: "separate-user",
    grades,
    facts,
    rules: planned,
    ledger: [],
  };
}
