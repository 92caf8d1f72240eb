import { describe, expect, it } from "vitest";
import { readText } from "../../reading/read-text.ts";
import { jenkinsPosture } from "./index.ts";
import { compareVersions } from "./versions.ts";

/** Made by what Jenkins exports of a plugin (hudson.PluginWrapper), and by the update centre's own form. */
const plugin = (more: object = {}) => ({
  active: true,
  enabled: true,
  hasUpdate: false,
  shortName: "git",
  longName: "Jenkins Git plugin",
  version: "4.7.1",
  url: "https://plugins.jenkins.io/git",
  ...more,
});
const warning = (lastVersion: string | undefined, more: object = {}) => ({
  id: "SECURITY-1095",
  message: "CSRF vulnerability",
  name: "git",
  type: "plugin",
  url: "https://www.jenkins.io/security/advisory/1",
  versions: [{ ...(lastVersion === undefined ? {} : { lastVersion }), pattern: "(a+)+$" }],
  ...more,
});
const read = (value: object) => readText(jenkinsPosture, JSON.stringify(value));

it("makes hits of active plugins that have an update", () => {
  const parsed = read({
    _class: "hudson.LocalPluginManager",
    plugins: [
      plugin({ hasUpdate: true }),
      plugin({ shortName: "ant" }),
      plugin({ shortName: "old", hasUpdate: true, active: false }),
    ],
  });
  expect(parsed).toMatchObject({ complete: true, subject: "plugins" });
  expect(parsed.observations).toMatchObject([
    {
      rule: "jenkins-plugin-outdated",
      severity: "medium",
      severityStated: false,
      place: { kind: "resource", name: "plugin/git" },
    },
  ]);
});

it("is no whole report when a plugin does not say whether it has an update", () => {
  expect(read({ plugins: [plugin({ hasUpdate: undefined })] })).toMatchObject({
    complete: false,
    missing: "whether 1 plugins have an update",
  });
});

it("says what is open in a Jenkins without security", () => {
  const parsed = read({ _class: "hudson.model.Hudson", useSecurity: false, useCrumbs: false });
  expect(parsed.observations.map(({ rule, severity }) => [rule, severity])).toEqual([
    ["jenkins-security-off", "critical"],
    ["jenkins-crumbs-off", "high"],
  ]);
  expect(read({ useSecurity: true, useCrumbs: true })).toMatchObject({
    observations: [],
    subject: "settings",
  });
});

describe("the update centre's warnings", () => {
  it.each([
    ["4.7.1", 1],
    ["4.8", 1],
    ["4.7.0", 0],
    [undefined, 1],
  ])("of plugins up to %s: %i hits of 4.7.1", (last, hits) => {
    // After the plugins in the document, and read before them.
    const parsed = read({ plugins: [plugin()], warnings: [warning(last)] });
    expect(parsed.observations).toHaveLength(hits);
    expect(parsed.subject).toBe("plugins, warnings");
  });

  it("name the published weakness", () => {
    expect(read({ plugins: [plugin()], warnings: [warning("9")] }).observations).toMatchObject([
      {
        rule: "SECURITY-1095",
        place: { kind: "package", name: "git", version: "4.7.1" },
        references: ["https://www.jenkins.io/security/advisory/1"],
      },
    ]);
  });

  it.each([
    ["2.263.2", 0],
    ["2.263.1", 1],
    ["2.249.3", 1],
    ["2.274", 1],
    ["2.275", 0],
  ])("of Jenkins itself tell long-term support from weekly: %s has %i", (jenkinsVersion, hits) => {
    const own = warning(undefined, {
      name: "core",
      type: "core",
      versions: [{ lastVersion: "2.274" }, { lastVersion: "2.263.1" }],
    });
    const parsed = read({ plugins: [], warnings: [own], jenkinsVersion });
    expect(parsed.observations).toHaveLength(hits);
  });

  it("alone are no report of a Jenkins", () => {
    expect(() => read({ warnings: [warning("1")] })).toThrow("no Jenkins");
  });

  it("beyond all measure are cut, and the report says so", () => {
    const warnings = Array.from({ length: 300 }, () => warning("9"));
    const parsed = read({ plugins: [plugin()], warnings });
    expect(parsed.observations).toHaveLength(200);
    expect(parsed.missing).toContain("100 of more warnings");
  });

  it("call a plugin deprecated", () => {
    expect(read({ plugins: [plugin()], deprecations: { git: {} } }).observations).toMatchObject([
      { rule: "jenkins-plugin-deprecated", severity: "low" },
    ]);
  });
});

it.each([
  ["1.10", "1.9", 1],
  ["1.0-beta-1", "1.0", -1],
  ["1.0", "1.0.0", 0],
  ["1144.v16d3f2b", "1143.vaaaa", 1],
  ["1144.v16d3f2b", "1144.v00000", 0],
])("%s against %s is %i", (one, other, sign) => {
  expect(Math.sign(compareVersions(one, other))).toBe(sign);
});
