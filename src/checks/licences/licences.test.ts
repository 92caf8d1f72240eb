import { describe, expect, it } from "vitest";
import { sarifHits, treeContext } from "../../../test/support/tree-context.ts";
import { judgeReport } from "../../engine/judging/judge-report.ts";
import { runCheck } from "../run.ts";
import { licences } from "./index.ts";
import { isAllowed, isDenied, parseExpression } from "./spdx.ts";

const manifest = (name: string, license: unknown) =>
  JSON.stringify({ name, version: "1.0.0", ...(license === undefined ? {} : { license }) });

const tree = (of: Record<string, unknown>) =>
  Object.fromEntries(
    Object.entries(of).map(([name, license]) => [
      `node_modules/${name}/package.json`,
      manifest(name, license),
    ]),
  );

const run = async (of: Record<string, unknown>, configuration: object = {}) =>
  runCheck(licences, await treeContext(tree(of)), {
    name: "licences",
    with: { ...configuration },
    timeout: 60_000,
  });

describe("an SPDX expression", () => {
  const check = (text: string, list: readonly string[], how: typeof isAllowed) => {
    const parsed = parseExpression(text);
    return parsed === null ? null : how(parsed, list);
  };
  it.each([
    ["MIT", ["MIT"], true],
    ["mit", ["MIT"], true],
    ["(MIT OR GPL-3.0-only)", ["MIT"], true],
    ["MIT AND GPL-3.0-only", ["MIT"], false],
    ["MIT OR Apache-2.0 AND BSD-3-Clause", ["MIT"], true],
    ["(MIT OR Apache-2.0) AND BSD-3-Clause", ["MIT"], false],
    ["GPL-2.0 WITH Classpath-exception-2.0", ["GPL-2.0-only WITH Classpath-exception-2.0"], true],
    ["GPL-2.0-only", ["GPL-2.0-only WITH Classpath-exception-2.0"], false],
    ["GPL-2.0+", ["GPL-2.0-or-later"], true],
    ["BSD-3-Clause", ["BSD-*"], true],
    ["SEE LICENSE IN LICENSE.md", ["MIT"], null],
    ["", ["MIT"], null],
    ["MIT OR", ["MIT"], null],
    ["((((MIT", ["MIT"], null],
    ["(".repeat(500), ["MIT"], null],
  ])("%j is allowed by %j: %s", (text, list, expected) => {
    expect(check(text, list, isAllowed)).toBe(expected);
  });

  it("is denied only when every way of using it is", () => {
    expect(check("MIT OR AGPL-3.0", ["AGPL-*"], isDenied)).toBe(false);
    expect(check("MIT AND AGPL-3.0", ["AGPL-*"], isDenied)).toBe(true);
  });
});

describe("the check licences", () => {
  it("tells denied, unlisted and unknown ones apart", async () => {
    const report = await run(
      {
        a: "MIT",
        b: "AGPL-3.0-or-later",
        c: "Artistic-2.0",
        d: undefined,
        e: "SEE LICENSE IN X",
        f: "(GPL-2.0 OR MIT)",
        g: "UNLICENSED",
      },
      { allow: ["MIT"] },
    );
    expect(report.verdict).toBe("pass");
    expect(sarifHits(report.raw).map(({ rule, name, severity }) => [rule, name, severity])).toEqual(
      [
        ["licence-denied", "pkg:npm/b@1.0.0", 8],
        ["licence-not-allowed", "pkg:npm/c@1.0.0", 7],
        ["licence-unknown", "pkg:npm/d@1.0.0", 5],
        ["licence-unknown", "pkg:npm/e@1.0.0", 5],
        ["licence-unknown", "pkg:npm/g@1.0.0", 5],
      ],
    );
  });

  it("treats what is unknown as the pipeline says", async () => {
    expect((await run({ a: undefined }, { unknown: "inconclusive" })).verdict).toBe("inconclusive");
    expect(sarifHits((await run({ a: undefined }, { unknown: "fail" })).raw)[0]?.severity).toBe(8);
    expect(sarifHits((await run({ a: undefined }, { unknown: "ignore" })).raw)).toEqual([]);
  });

  it("is inconclusive about a release that names no package, and says what lets it", async () => {
    const report = await run({});
    expect(report.verdict).toBe("inconclusive");
    expect(report.summary).toContain(
      "write `withoutPackages: warn` and `allowWarn: true` into this demand",
    );
  });
});

describe("a release that is meant to have no package", () => {
  const warn = { withoutPackages: "warn" };
  const of = async (files: Parameters<typeof treeContext>[0], configuration: object = warn) =>
    runCheck(
      licences,
      await treeContext({ "server.ts": "console.log(1)", ...files }),
      { name: "licences", with: { ...configuration }, timeout: 60_000 },
      { judge: judgeReport },
    );
  const own = JSON.stringify({ name: "shop", devDependencies: { typescript: "7.0.0" } });

  it("is a warning where the demand says so, and says what was looked for", async () => {
    const report = await of({ "package.json": own });
    expect(report.summary).toContain("as `withoutPackages: warn` lets it");
    expect(report.verdict).toBe("warn");
    expect(report.exercised).toMatchObject({ assertions: 1, packages: 0 });
    expect((await of({})).verdict).toBe("warn");
    expect((await of({ "package.json": own }, {})).verdict).toBe("inconclusive");
  });

  it.each<[string, Parameters<typeof treeContext>[0]]>([
    ["node_modules/left/index.js", { "node_modules/left/index.js": "1" }],
    ["app/node_modules", { "app/node_modules": { link: "../elsewhere" } }],
    ["package.json", { "package.json": JSON.stringify({ dependencies: { left: "1" } }) }],
    ["web/package.json", { "web/package.json": { link: "../other.json" } }],
    ["package-lock.json", { "package-lock.json": { link: "other.json" } }],
    ["vendor", { "vendor/left/left.go": "package left" }],
    ["lib/left.jar", { "lib/left.jar": "PK" }],
    ["api/pyproject.toml", { "api/pyproject.toml": "[project]" }],
    ["requirements/base.txt", { "requirements/base.txt": "left" }],
    ["Cargo.lock", { "Cargo.lock": "" }],
  ])("is not believed where the tree has %s", async (sign, files) => {
    const report = await of(files);
    expect(report.verdict).toBe("inconclusive");
    expect(report.summary).toContain("holds what packages come in: ");
    expect(report.summary).toContain(sign.split("/")[0] ?? "");
  });

  it("is not believed where something was left out or not read", async () => {
    expect((await of({}, { ...warn, exclude: ["vendor/**"] })).verdict).toBe("inconclusive");
    expect((await of({ "package.json": "{" })).verdict).toBe("partial");
    expect((await of({ "package.json": "{" }, { ...warn, unreadable: 1 })).verdict).toBe(
      "inconclusive",
    );
  });

  it("changes nothing for a release that has some", async () => {
    const report = await of({ "node_modules/a/package.json": manifest("a", "MIT") });
    expect(report.verdict).toBe("pass");
    expect(report.exercised).toMatchObject({ files: 1, packages: 1 });
  });
});
