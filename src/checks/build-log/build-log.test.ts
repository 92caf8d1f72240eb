import { describe, expect, it } from "vitest";
import { sarifHits, treeContext } from "../../../test/support/tree-context.ts";
import { runCheck } from "../run.ts";
import { buildLog } from "./index.ts";

const run = async (files: Parameters<typeof treeContext>[0], configuration: object = {}) =>
  runCheck(buildLog, await treeContext(files), {
    name: "build-log",
    with: { ...configuration },
    timeout: 60_000,
  });

const clean =
  "> build\ncompiling 12 files\n0 warnings, 0 errors\nfound 0 vulnerabilities\nno warnings\ndone\n";

describe("the check build-log", () => {
  it("finds what compilers and package managers warn of, in colour or not", async () => {
    const report = await run({
      "build.log": `${clean}npm warn deprecated a@1.0.0: gone\nsrc/a.c:3:1: \u001b[35mwarning:\u001b[0m unused\n(node:1) DeprecationWarning: x\nsrc/a.ts(1,2): error TS2322: no\n`,
    });
    expect(report.verdict).toBe("pass");
    expect(sarifHits(report.raw).map(({ line }) => line)).toEqual([7, 8, 9, 10]);
    const ignored = await run(
      { "build.log": `${clean}npm warn deprecated a@1.0.0: gone\n` },
      { ignore: ["deprecated a@1.0.0"] },
    );
    expect(sarifHits(ignored.raw)).toEqual([]);
  });

  it("is clean about a clean one", async () => {
    const report = await run({ "out/b.log": clean }, { path: "out/b.log" });
    expect([report.verdict, sarifHits(report.raw)]).toEqual(["pass", []]);
  });

  it("is no pass without a log, with an empty one, or with one that is no text", async () => {
    expect((await run({ "a.js": "1" })).verdict).toBe("inconclusive");
    expect((await run({ "build.log": "" })).verdict).toBe("inconclusive");
    expect((await run({ "build.log": Buffer.from([0, 1, 2, 3]) })).verdict).toBe("partial");
  });
});
