import { describe, expect, it } from "vitest";
import type { Component } from "./component.ts";
import { packageOf } from "./package-of.ts";

const of = (purl: string | null, version = "") =>
  packageOf({ type: "library", name: "x", version, purl } as unknown as Component);

describe("what advisories call a component", () => {
  it.each([
    ["pkg:npm/lodash@4.17.20", "npm lodash 4.17.20"],
    ["PKG:NPM/lodash@4.17.20", "npm lodash 4.17.20"],
    [" pkg:///npm/lodash@4.17.20", "npm lodash 4.17.20"],
    ["pkg:npm/%40angular/core@17.0.0", "npm @angular/core 17.0.0"],
    ["pkg:npm/%40angular%2Fcore@17.0.0", "npm @angular/core 17.0.0"],
    ["pkg:npm/@angular/core@17.0.0", "npm @angular/core 17.0.0"],
    ["pkg:npm/lodash@4.17.20?vcs_url=a@b/c#d@e", "npm lodash 4.17.20"],
    ["pkg:pypi/Typing_Extensions@4.0", "PyPI typing-extensions 4.0"],
    ["pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1", "Maven org.apache.logging.log4j:log4j-core 2.14.1"], // prettier-ignore
    ["pkg:golang/github.com/foo/bar@v1.2.3%2Bincompatible", "Go github.com/foo/bar v1.2.3+incompatible"], // prettier-ignore
  ])("is the same however its package URL is spelt: %s", (purl, expected) => {
    const found = of(purl);
    expect(found && `${found.ecosystem} ${found.name} ${found.version}`).toBe(expected);
  });

  it("takes the component's version where its package URL has none", () => {
    expect(of("pkg:npm/@angular/core", "17.0.0")).toMatchObject({
      name: "@angular/core",
      version: "17.0.0",
    });
  });

  it("is nothing for what no advisory speaks of", () => {
    for (const purl of [null, "pkg:deb/debian/curl@7", "pkg:npm/lodash", "lodash@4.17.20"]) {
      expect(of(purl)).toBeNull();
    }
  });
});
