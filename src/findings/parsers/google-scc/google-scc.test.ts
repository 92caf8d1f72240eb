import { describe, expect, it } from "vitest";
import { readText } from "../../reading/read-text.ts";
import { googleScc, googleSccLines } from "./index.ts";

/** Made by the reference of Security Command Center's REST API, v1 and v2. */
const finding = (more: object = {}) => ({
  name: "organizations/1/sources/2/findings/3",
  canonicalName: "projects/7/sources/2/findings/3",
  parent: "organizations/1/sources/2",
  resourceName: "//storage.googleapis.com/demo",
  state: "ACTIVE",
  category: "PUBLIC_BUCKET_ACL",
  severity: "HIGH",
  mute: "UNDEFINED",
  findingClass: "MISCONFIGURATION",
  description: "Anybody can read it",
  ...more,
});
const resource = { name: "//storage.googleapis.com/demo", type: "google.cloud.storage.Bucket" };
const parse = (more: object = {}, page: object = {}) =>
  readText(
    googleScc,
    JSON.stringify({ listFindingsResults: [{ finding: finding(more), resource }], ...page }),
  );

it("makes a hit of an active finding", () => {
  const parsed = parse();
  expect(parsed).toMatchObject({ complete: true, subject: "organizations/1" });
  expect(parsed.observations).toMatchObject([
    {
      rule: "PUBLIC_BUCKET_ACL",
      severity: "high",
      kind: "infrastructure",
      place: { kind: "resource", name: "//storage.googleapis.com/demo" },
      fingerprints: { "scc-name": "projects/7/sources/2/findings/3" },
    },
  ]);
});

describe("a state", () => {
  it("INACTIVE is stated as fixed; a muted finding is a hit marked as suppressed", () => {
    expect(parse({ state: "INACTIVE" })).toMatchObject({
      observations: [],
      claims: [{ claim: { status: "fixed" } }],
    });
    expect(parse({ mute: "MUTED" }).observations).toMatchObject([{ suppressed: true }]);
  });

  it("of a detector that cannot look leaves the report incomplete", () => {
    expect(parse({ findingClass: "SCC_ERROR" })).toMatchObject({
      observations: [],
      complete: false,
    });
    expect(parse({}, { nextPageToken: "x" }).complete).toBe(false);
  });

  it("of no severity counts as critical, unless the CVE has a score", () => {
    expect(parse({ severity: "SEVERITY_UNSPECIFIED" }).observations).toMatchObject([
      { severity: "critical", severityStated: false },
    ]);
    const vulnerability = {
      cve: { id: "CVE-2024-1", cvssv3: { baseScore: 5 } },
      offendingPackage: { packageName: "openssl", packageVersion: "1.1" },
      fixedPackage: { packageVersion: "1.2" },
    };
    expect(parse({ severity: undefined, vulnerability }).observations).toMatchObject([
      {
        rule: "CVE-2024-1",
        severity: "medium",
        place: { kind: "package", name: "openssl", version: "1.1" },
        fixedIn: "1.2",
      },
    ]);
  });
});

it("reads the array of gcloud, wrapped or bare, and notifications one a line", () => {
  const wrapped = JSON.stringify([{ finding: finding(), resource }, { finding: finding() }]);
  expect(readText(googleSccLines, wrapped).observations).toHaveLength(2);
  const bare = readText(googleSccLines, JSON.stringify([finding()]));
  expect(bare.observations).toMatchObject([{ place: { name: "//storage.googleapis.com/demo" } }]);
  const line = JSON.stringify({ notificationConfigName: "n", finding: finding(), resource });
  expect(readText(googleSccLines, `${line}\n${line}\n`).observations).toHaveLength(2);
});
