import { describe, expect, it } from "vitest";
import { readText } from "../../reading/read-text.ts";
import { clair } from "./index.ts";

function read(report: object) {
  expect(clair.recognise({ syntax: "json", value: report })).toBe(true);
  return readText(clair, JSON.stringify(report));
}

const found = {
  Name: "CVE-2019-5094",
  NamespaceName: "ubuntu:18.04",
  Description: "A hole",
  Link: "http://people.ubuntu.example/CVE-2019-5094",
  Severity: "Medium",
  FixedBy: "1.44.1-1ubuntu1.2",
};
const e2fsprogs = {
  name: "e2fsprogs",
  version: "1.44.1-1ubuntu1.1",
  purl: "pkg:deb/ubuntu/e2fsprogs@1.44.1-1ubuntu1.1?distro=ubuntu-18.04",
};

describe("Clair", () => {
  it("clair-scanner's list", () => {
    const one = {
      featurename: "e2fsprogs",
      featureversion: "1.44.1-1ubuntu1.1",
      vulnerability: "CVE-2019-5094",
      namespace: "ubuntu:18.04",
      severity: "Defcon1",
      fixedby: "",
      link: "http://x.example",
    };
    expect(
      read({ image: "r.example:443/ubuntu:bionic", unapproved: [], vulnerabilities: [one] }),
    ).toMatchObject({
      subject: "r.example:443/ubuntu",
      complete: true,
      observations: [{ rule: "CVE-2019-5094", severity: "critical", place: e2fsprogs }],
    });
    expect(
      read({ image: "empty:latest", unapproved: [], vulnerabilities: [] }).observations,
    ).toEqual([]);
  });

  it("klar's groups, where a severity that nobody knows is unknown", () => {
    const one = {
      ...found,
      FeatureName: "e2fsprogs",
      FeatureVersion: "1.44.1-1ubuntu1.1",
      Severity: "Unknown",
    };
    expect(
      read({
        LayerCount: 9,
        Vulnerabilities: { Unknown: [one], Medium: [{ ...one, Severity: undefined }] },
      }),
    ).toMatchObject({
      observations: [
        {
          severity: "critical",
          severityStated: false,
          fixedIn: "1.44.1-1ubuntu1.2",
          place: e2fsprogs,
        },
        { severity: "medium" },
      ],
    });
  });

  it("the API's layer, bare and as Quay wraps it, with NVD's scores", () => {
    const Metadata = {
      NVD: {
        CVSSv2: { Score: 0, Vectors: "" },
        CVSSv3: { Score: 9.8, Vectors: "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H" },
      },
    };
    const Features = [
      {
        Name: "e2fsprogs",
        NamespaceName: "ubuntu:18.04",
        Version: "1.44.1-1ubuntu1.1",
        Vulnerabilities: [{ ...found, Metadata }],
      },
      { Name: "bash", Version: "4" },
    ];
    const Layer = { Name: "sha256:00", NamespaceName: "ubuntu:18.04", Features };
    const expected = [
      { severity: "critical", place: e2fsprogs, cvss: [{ version: "3.0", score: 9.8 }] },
    ];
    expect(read({ Layer }).observations).toMatchObject(expected);
    expect(read({ status: "scanned", data: { Layer } })).toMatchObject({
      complete: true,
      observations: expected,
    });
    expect(read({ status: "queued", data: { Layer: { Name: "a", Features: [] } } })).toMatchObject({
      complete: false,
      missing: "its state is queued",
    });
  });

  it("version 4 puts packages and vulnerabilities together, whichever comes first", () => {
    const report = {
      manifest_hash: "sha256:00",
      package_vulnerabilities: { 10: ["7", "7", "gone"], __proto__: [] },
      vulnerabilities: {
        7: {
          id: "7",
          updater: "debian/updater/bookworm",
          name: "CVE-2022-1304",
          description: "A hole",
          links: "https://a.example https://b.example",
          severity: "CVSS:3.1/AV:L/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H",
          normalized_severity: "Medium",
          fixed_in_version: "0",
        },
      },
      packages: { 10: { id: "10", name: "e2fsprogs", version: "1.47.0", kind: "binary" } },
      enrichments: {
        "message/vnd.clair.map.vulnerability; enricher=clair.cvss schema=x": [
          {
            7: [
              {
                version: "3.1",
                vectorString: "CVSS:3.1/AV:L/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H",
                baseScore: 7.8,
                baseSeverity: "HIGH",
              },
            ],
          },
        ],
      },
    };
    const { observations, complete } = read(report);
    expect(complete).toBe(true);
    expect(observations).toMatchObject([
      {
        rule: "CVE-2022-1304",
        severity: "high",
        cvss: [{ version: "3.1", score: 7.8 }],
        place: { name: "e2fsprogs", version: "1.47.0", purl: "pkg:deb/debian/e2fsprogs@1.47.0" },
        references: ["https://a.example", "https://b.example"],
      },
      // Named by a package, and described nowhere: it is there all the same.
      { rule: "gone", severity: "critical", severityStated: false, place: { name: "e2fsprogs" } },
    ]);
    expect(observations[0]?.fixedIn).toBeUndefined();
  });

  it("a layer without packages is not complete, and a list that is none is refused", () => {
    expect(read({ Layer: { Name: "a", NamespaceName: "debian:9" } })).toMatchObject({
      complete: false,
      missing: "its layer lists no packages",
    });
    const hidden = { image: "a", unapproved: [], vulnerabilities: "none" };
    expect(() => readText(clair, JSON.stringify(hidden))).toThrow();
  });

  it("what is none of its reports is refused", () => {
    expect(() => readText(clair, '{"vulnerabilities":[]}')).toThrow(/none of Clair/);
  });
});
