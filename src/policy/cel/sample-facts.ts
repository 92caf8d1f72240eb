import type { FactFinding, GateFacts } from "../../model/gate-facts.ts";

/** Facts of one release, complete and good, for tests, docs and benches: change what is wanted. */
export function sampleFacts(changed: Partial<GateFacts> = {}): GateFacts {
  const digest = `sha256:${"a".repeat(64)}`;
  return {
    now: "2026-01-31T12:00:00.000Z",
    service: "shop",
    environment: { name: "production", tier: "production" },
    colour: "green",
    release: {
      digest,
      version: "1.4.0",
      createdAt: "2026-01-30T12:00:00.000Z",
      ageSeconds: 86_400,
      createdBy: "ada",
    },
    configuration: { digest, changed: ["LOG_LEVEL"] },
    live: { release: `sha256:${"b".repeat(64)}`, version: "1.3.2", sinceSeconds: 604_800 },
    changes: { paths: ["README.md", "src/auth/login.ts"], classes: ["authentication"] },
    checks: {
      smoke: {
        uses: "http",
        verdict: "pass",
        ageSeconds: 120,
        requests: 12,
        assertions: 30,
        files: 0,
      },
    },
    findings: {
      open: { ...noFindings, total: 1, low: 1 },
      new: noFindings,
      byKind: { dependency: { ...noFindings, total: 1, low: 1 } },
      scannedBy: ["sast"],
      items: [sampleFinding()],
    },
    sbom: { components: 120, licences: ["Apache-2.0", "MIT"], withoutLicence: 0 },
    review: {
      ageSeconds: 600,
      commits: 3,
      unreviewed: 0,
      approvals: 1,
      selfApprovals: 0,
      staleApprovals: 0,
      changesRequested: 0,
    },
    branch: {
      protected: true,
      requiredApprovals: 1,
      dismissesStale: true,
      refusesForcePush: true,
      includesAdmins: null,
    },
    evidence: { signedBy: ["ci"], provenance: true, sbom: true, attestations: [] },
    approvals: [
      { check: "go-live", person: "grace", role: "release-manager", ageSeconds: 600 },
      { check: "go-live", person: "edsger", role: "security", ageSeconds: 60 },
    ],
    waivers: [],
    grades: { isolation: "sandbox", identity: "bound", governance: "team" },
    ...changed,
  };
}

export const noFindings = {
  total: 0,
  critical: 0,
  high: 0,
  medium: 0,
  low: 0,
  info: 0,
  knownExploited: 0,
  fixable: 0,
  overdue: 0,
};

export function sampleFinding(changed: Partial<FactFinding> = {}): FactFinding {
  return {
    id: "f-1",
    kind: "dependency",
    severity: "low",
    rule: "GHSA-aaaa-bbbb-cccc",
    aliases: ["CVE-2026-0001"],
    new: false,
    ageSeconds: 3_600,
    fixable: true,
    knownExploited: false,
    overdue: false,
    waived: false,
    ...changed,
  };
}
