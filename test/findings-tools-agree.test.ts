import { describe, expect, it } from "vitest";
import type { Observation } from "../src/model/observation.ts";
import { vulnerabilityIds } from "../src/findings/identity/alias.ts";
import { packageKey } from "../src/findings/identity/package-key.ts";
import { cyclonedx } from "../src/findings/parsers/cyclonedx/index.ts";
import type { Format } from "../src/findings/parsers/format.ts";
import { grype } from "../src/findings/parsers/grype/index.ts";
import { npmAudit } from "../src/findings/parsers/npm-audit/index.ts";
import { osv } from "../src/findings/parsers/osv/index.ts";
import { trivy } from "../src/findings/parsers/trivy/index.ts";
import { readText } from "../src/findings/reading/read-text.ts";
import { KnownFindings } from "./fixtures/known-findings.ts";

/**
 * Two reports of one image in the shapes that Trivy 0.6x and Grype 0.9x write, shortened to their fields: Trivy names a
 * Python package's CVE with the GHSA id beside it, Grype the other way round; Trivy says of each Debian CVE which
 * bulletin covers it, and one bulletin covers several.
 */
const metadata = "usr/local/lib/python3.9/site-packages/requests-2.31.0.dist-info/METADATA";
const gnutls = (distro: string) =>
  `pkg:deb/debian/libgnutls30@3.7.9-2%2Bdeb12u3?arch=amd64&distro=${distro}`;
const cves = ["CVE-2025-32988", "CVE-2025-32989", "CVE-2025-32990", "CVE-2025-6395"];

const trivyReport = {
  SchemaVersion: 2,
  ArtifactName: "registry.example:5000/shop:1.4.2",
  ArtifactType: "container_image",
  Results: [
    {
      Target: "registry.example:5000/shop:1.4.2 (debian 12.7)",
      Class: "os-pkgs",
      Vulnerabilities: cves.map((VulnerabilityID) => ({
        VulnerabilityID,
        VendorIDs: ["DSA-5962-1"],
        PkgName: "libgnutls30",
        PkgIdentifier: { PURL: gnutls("debian-12.7") },
        InstalledVersion: "3.7.9-2+deb12u3",
        FixedVersion: "3.7.9-2+deb12u5",
        Severity: "HIGH",
      })),
    },
    {
      Target: "Python",
      Class: "lang-pkgs",
      Vulnerabilities: [
        {
          VulnerabilityID: "CVE-2024-35195",
          VendorIDs: ["GHSA-9wx4-h78v-vm56"],
          PkgName: "requests",
          PkgPath: metadata,
          PkgIdentifier: { PURL: "pkg:pypi/requests@2.31.0" },
          InstalledVersion: "2.31.0",
          FixedVersion: "2.32.0",
          Severity: "MEDIUM",
        },
      ],
    },
  ],
};

const deb = {
  name: "libgnutls30",
  version: "3.7.9-2+deb12u3",
  purl: `${gnutls("debian-12")}&upstream=gnutls28`,
  locations: [{ path: "/var/lib/dpkg/status" }],
};
const grypeReport = {
  matches: [
    ...[...cves, "CVE-2011-3389"].map((id) => ({
      vulnerability: { id, severity: "High", fix: { versions: ["3.7.9-2+deb12u5"] } },
      relatedVulnerabilities: [{ id }],
      artifact: deb,
    })),
    {
      vulnerability: {
        id: "GHSA-9wx4-h78v-vm56",
        severity: "Medium",
        fix: { versions: ["2.32.0"] },
      },
      relatedVulnerabilities: [{ id: "CVE-2024-35195" }],
      artifact: {
        name: "requests",
        version: "2.31.0",
        purl: "pkg:pypi/requests@2.31.0",
        locations: [{ path: `/${metadata}` }],
      },
    },
  ],
  source: { type: "image", target: { userInput: "registry.example:5000/shop:1.4.2" } },
  descriptor: { name: "grype", version: "0.97.1" },
};

function read(format: Format, report: unknown) {
  const { observations, subject } = readText(format, JSON.stringify(report));
  return { tool: format.id, observations, ...(subject === undefined ? {} : { subject }) };
}

describe("Trivy and Grype on one image", () => {
  const ofTrivy = read(trivy, trivyReport);
  const ofGrype = read(grype, grypeReport);

  it("name the image without the tag of one release", () => {
    expect([ofTrivy.subject, ofGrype.subject]).toEqual(Array(2).fill("registry.example:5000/shop"));
  });

  it.each([
    ["Trivy first", ofTrivy, ofGrype],
    ["Grype first", ofGrype, ofTrivy],
  ])("%s: eleven hits are six findings, merged by alias and package", (_, first, second) => {
    const known = new KnownFindings();
    expect(known.take(first)).toMatchObject({ opened: first.observations.length, matched: 0 });
    expect(known.take(second)).toMatchObject({
      matched: 5,
      opened: second.observations.length - 5,
    });
    expect(first.observations.length + second.observations.length).toBe(11);
    expect(known.findings.size).toBe(6);
  });

  it("four CVEs that one bulletin covers stay four", () => {
    const known = new KnownFindings();
    known.take(ofTrivy);
    expect(known.findings.size).toBe(5);
  });

  it("the same scan as CycloneDX finds the same", () => {
    const known = new KnownFindings();
    known.take(ofGrype);
    const bom = {
      bomFormat: "CycloneDX",
      specVersion: "1.6",
      metadata: { component: { type: "container", name: "registry.example:5000/shop:1.4.2" } },
      components: [
        {
          "bom-ref": "a",
          type: "library",
          name: "libgnutls30",
          version: deb.version,
          purl: deb.purl,
        },
      ],
      vulnerabilities: cves.map((id) => ({
        id,
        ratings: [{ severity: "high" }],
        affects: [{ ref: "a" }],
      })),
    };
    expect(known.take(read(cyclonedx, bom))).toMatchObject({ opened: 0, matched: 4 });
  });
});

describe("tools that read lock files", () => {
  const key = ({ rule, aliases, place }: Observation) => ({
    ids: vulnerabilityIds(rule, aliases).map(({ id }) => id),
    purl: place.kind === "package" ? packageKey(place).purl : null,
  });

  it("npm audit, OSV-Scanner, Trivy and Grype name the same package and share a name of the vulnerability", () => {
    const ghsa = "GHSA-35jh-r3h4-6jhm";
    const cve = "CVE-2021-23337";
    const readings = [
      read(npmAudit, {
        auditReportVersion: 2,
        vulnerabilities: {
          lodash: {
            name: "lodash",
            severity: "high",
            via: [
              {
                source: 1,
                name: "lodash",
                title: "Injection",
                url: `https://github.com/advisories/${ghsa}`,
                severity: "high",
              },
            ],
            nodes: ["node_modules/lodash"],
          },
        },
      }),
      // Without the advisory's own package URL: the ecosystem says it.
      read(osv, {
        results: [
          {
            source: { path: "package-lock.json" },
            packages: [
              {
                package: { name: "lodash", version: "4.17.20", ecosystem: "npm" },
                vulnerabilities: [{ id: ghsa, aliases: [cve] }],
                groups: [{ ids: [ghsa], max_severity: "7.2" }],
              },
            ],
          },
        ],
      }),
      read(trivy, {
        SchemaVersion: 2,
        ArtifactName: ".",
        Results: [
          {
            Target: "package-lock.json",
            Vulnerabilities: [
              {
                VulnerabilityID: cve,
                VendorIDs: [ghsa],
                PkgName: "lodash",
                PkgIdentifier: { PURL: "pkg:npm/lodash@4.17.20" },
                InstalledVersion: "4.17.20",
                Severity: "HIGH",
              },
            ],
          },
        ],
      }),
      read(grype, {
        matches: [
          {
            vulnerability: { id: ghsa, severity: "High" },
            relatedVulnerabilities: [{ id: cve }],
            artifact: {
              name: "lodash",
              version: "4.17.20",
              purl: "pkg:npm/lodash@4.17.20",
              locations: [{ path: "/package-lock.json" }],
            },
          },
        ],
        descriptor: { version: "0.97.1" },
      }),
    ];
    const keys = readings.map(({ observations: [one] }) => {
      if (one === undefined) throw new Error("there is no hit");
      return key(one);
    });
    expect(keys.map(({ purl }) => purl)).toEqual(Array(4).fill("pkg:npm/lodash"));
    expect(keys.every(({ ids }) => ids.includes(ghsa))).toBe(true);
  });
});
