import type { About, ExportedFinding } from "./exported.ts";

/** Made up, for the tests beside it. */
export const release = `sha256:${"a".repeat(64)}`;
export const about: About = {
  service: "shop",
  release: { id: release, version: "1.2.3" },
  at: "2026-03-01T09:30:00.000Z",
  version: "0.1.0",
  author: "Shop Ltd.",
};

export function finding(more: Partial<ExportedFinding> = {}): ExportedFinding {
  return {
    id: "F-1",
    service: "shop",
    environment: null,
    kind: "dependency",
    rule: "CVE-2021-23337",
    title: "Command injection in lodash",
    place: {
      kind: "package",
      name: "lodash",
      version: "4.17.20",
      purl: "pkg:npm/lodash@4.17.20",
      path: "package-lock.json",
    },
    severity: "high",
    severityStated: true,
    status: "open",
    aliases: ["CVE-2021-23337", "GHSA-35jh-r3h4-6jhm"],
    cwe: [94],
    tools: ["trivy", "grype"],
    firstSeen: "2026-01-01T00:00:00.000Z",
    lastSeen: "2026-02-01T00:00:00.000Z",
    firstRelease: release,
    lastRelease: release,
    reopened: 0,
    assignee: null,
    due: null,
    paused: null,
    message: "All versions before 4.17.21",
    fixedIn: "4.17.21",
    fingerprints: [
      { algorithm: "tidelock-dependency/v1", value: "abc" },
      { algorithm: "native", value: "xyz" },
    ],
    scope: null,
    cvss: [{ version: "3.1", score: 7.2, vector: "CVSS:3.1/AV:N" }],
    references: ["https://example.org/advisory"],
    knownExploited: false,
    epss: 0.01,
    falsePositive: null,
    claim: null,
    liveIn: [],
    accepted: [],
    ...more,
  };
}
