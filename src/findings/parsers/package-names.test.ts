import { describe, expect, it } from "vitest";
import { imageName } from "../observe.ts";
import { packageIndex } from "./package-index.ts";
import { namesIn, namesOf } from "./package-names.ts";
import { rank } from "./package-ratings.ts";
import { makePackageUrl, packagePlace, readPackageUrl } from "./package-url.ts";

describe("package URLs", () => {
  it.each([
    ["pkg:npm/%40scope/left-pad@1.3.0?arch=x#sub", "npm", "@scope/left-pad", "1.3.0"],
    ["pkg:npm/@scope/left-pad", "npm", "@scope/left-pad", ""],
    [
      "pkg:maven/org.apache.logging.log4j/log4j-core@2.13.2?type=jar",
      "maven",
      "org.apache.logging.log4j:log4j-core",
      "2.13.2",
    ],
    ["pkg:deb/debian/openssl@1.1.1n-0%2Bdeb11u1?arch=amd64", "deb", "openssl", "1.1.1n-0+deb11u1"],
    ["pkg:golang/github.com/a/b@v1.0.0", "golang", "github.com/a/b", "v1.0.0"],
    ["pkg:oci/app@sha256%3Aabc?repository_url=r.example/app", "oci", "app", "sha256:abc"],
    ["pkg:PyPI/Django@2.0", "pypi", "Django", "2.0"],
  ])("%s names its package as its ecosystem does", (text, type, name, version) => {
    expect(readPackageUrl(text)).toEqual({ type, name, version });
  });

  it.each(["", "pkg:", "pkg:npm", "pkg:npm/", "npm/left-pad", `pkg:npm/${"a".repeat(3_000)}`])(
    "%j is none",
    (text) => expect(readPackageUrl(text)).toBeUndefined(),
  );

  it("are made of what an ecosystem says, and not guessed where it is unknown", () => {
    expect(makePackageUrl("java", "org.x:y", "1.0")).toBe("pkg:maven/org.x/y@1.0");
    expect(makePackageUrl("npm", "@scope/name", "1.0+b")).toBe("pkg:npm/%40scope/name@1.0+b");
    expect(makePackageUrl("constructor", "x")).toBeUndefined();
  });

  it("fill in what a report leaves out, and keep what it says", () => {
    expect(packagePlace({ purl: "pkg:npm/a@1", version: "2" })).toMatchObject({
      name: "a",
      version: "2",
    });
    expect(packagePlace({ purl: "no purl" })).toEqual({
      kind: "package",
      name: "no purl",
      version: "",
    });
  });
});

describe("names of a vulnerability", () => {
  it("a single CVE goes first, wherever it stands", () => {
    expect(namesOf(["GHSA-JFH8-C2JP-5V3Q", "cve-2021-44228", undefined])).toEqual({
      rule: "CVE-2021-44228",
      aliases: ["GHSA-jfh8-c2jp-5v3q"],
    });
  });

  it("an advisory about several CVEs keeps its own name", () => {
    expect(namesOf(["RHSA-2019:0049", "CVE-2018-1", "CVE-2018-15688", "CVE-2018-16864"])).toEqual({
      rule: "RHSA-2019:0049",
      aliases: ["CVE-2018-1", "CVE-2018-15688", "CVE-2018-16864"],
    });
    expect(namesOf([])).toEqual({ rule: "unnamed", aliases: [] });
  });

  it("are found in addresses", () => {
    expect(
      namesIn("https://x.example/CVE-2024-10001?a=GHSA-jfh8-c2jp-5v3q,RHSA-2019:0049"),
    ).toEqual(["CVE-2024-10001", "GHSA-jfh8-c2jp-5v3q", "RHSA-2019:0049"]);
  });
});

describe("ratings", () => {
  it("the worst counts, and scores stay apart by version", () => {
    const { severity, cvss } = rank([
      { word: "none", score: 0, method: "CVSSv31", vector: "AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N" },
      { word: "high", score: 7.5, method: "CVSSv31" },
      {
        score: 9.3,
        method: "CVSSv4",
        vector: "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
      },
      { score: 5, vector: "AV:N/AC:L/Au:N/C:P/I:N/A:N" },
    ]);
    expect(severity).toBe("critical");
    expect(cvss.map((one) => [one.version, one.score])).toEqual([
      ["4.0", 9.3],
      ["3.1", 7.5],
      ["3.1", 0],
      ["2.0", 5],
    ]);
  });

  it("what nobody knows is null, unless somebody says more", () => {
    expect(rank([{ word: "unknown" }]).severity).toBeNull();
    expect(rank([]).severity).toBeNull();
    expect(rank([{ word: "constructor" }, { word: "low" }]).severity).toBe("low");
    expect(rank([{ score: 8, method: "OWASP" }]).severity).toBeNull();
  });

  it("a vector of version 3 has a score of its own", () => {
    expect(rank([{ vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H" }])).toMatchObject({
      severity: "critical",
      cvss: [{ version: "3.1", score: 10 }],
    });
  });
});

describe("references between parts of a document", () => {
  it("are kept up to a number, and those that say everything themselves are not kept", () => {
    const index = packageIndex(2);
    index.add("pkg:npm/a@1", { purl: "pkg:npm/a@1" });
    index.add("one", { name: "one" });
    index.add("one", { name: "another" });
    index.add("__proto__", { name: "two" });
    expect(index.full).toBe(false);
    index.add("three", { name: "three" });
    expect([
      index.get("one")?.name,
      index.get("__proto__")?.name,
      index.get("three"),
      index.full,
    ]).toEqual(["one", "two", undefined, true]);
    expect(index.get("constructor")).toBeUndefined();
  });

  it("an image is one subject in every release", () => {
    expect(imageName(`r.example:5000/shop:1.2@sha256:${"a".repeat(64)}`)).toBe(
      "r.example:5000/shop",
    );
    expect(imageName("alpine:3.15")).toBe("alpine");
    expect(imageName("r.example:5000/shop")).toBe("r.example:5000/shop");
  });
});
