import { describe, expect, it } from "vitest";
import { sarifHits, treeContext } from "../../../test/support/tree-context.ts";
import { runCheck } from "../run.ts";
import { devTools } from "./index.ts";
import { devToolRules } from "./rules.ts";

const run = async (files: Parameters<typeof treeContext>[0]) =>
  runCheck(devTools, await treeContext(files), { name: "dev-tools", with: {}, timeout: 60_000 });

describe("the check dev-tools", () => {
  it("finds each kind of what should not ship", async () => {
    const report = await run({
      "package.json":
        '{\n  "scripts": {\n    "dev": "nodemon a.js",\n    "start": "node --inspect=0.0.0.0 a.js"\n  }\n}',
      "package-lock.json": JSON.stringify({
        lockfileVersion: 3,
        packages: { "node_modules/left-dev": { version: "1.0.0", dev: true } },
      }),
      "node_modules/left-dev/package.json": '{"name":"left-dev","version":"1.0.0"}',
      "node_modules/nodemon/package.json": '{"name":"nodemon","version":"3.0.0"}',
      "node_modules/fine/package.json": '{"name":"fine","version":"1.0.0"}',
      "node_modules/fine/test/a.js": "debugger;",
      Procfile: "web: nodemon server.js\n",
      ".env": "A=1\n",
      ".env.production": "A=1\n",
      ".env.example": "A=\n",
      ".svn/entries": "x",
      ".vscode/settings.json": "{}",
      "test/a.js": "1",
      core: Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1]),
      "src/core": "no dump",
      "a.js": "let a;\n  debugger;\n",
      "a.js.map": '{"version":3,"sources":["a.ts"],"mappings":"AAAA"}',
      "data.map": "a picture of a town",
      "config.php.bak": "x",
      "npm-debug.log": "x",
    });
    expect(report.verdict).toBe("pass");
    const hits = sarifHits(report.raw).map(({ rule, path, line }) => `${rule} ${path}:${line}`);
    expect(hits.sort()).toEqual([
      "backup-file config.php.bak:1",
      "debugger-listens package.json:4",
      "debugger-statement a.js:2",
      "development-package node_modules/left-dev/package.json:1",
      "development-package node_modules/nodemon/package.json:1",
      "development-start Procfile:1",
      "editor-file .vscode:1",
      "environment-file .env.production:1",
      "environment-file .env:1",
      "memory-dump core:1",
      "source-map a.js.map:1",
      "test-folder test:1",
      "tool-log npm-debug.log:1",
      "version-control .svn:1",
    ]);
    const found = new Set(sarifHits(report.raw).map(({ rule }) => rule));
    expect(devToolRules.map(({ id }) => id).filter((id) => !found.has(id))).toEqual([]);
  });

  it("finds nothing in a plain service, and is inconclusive about an empty one", async () => {
    const plain = await run({ "package.json": '{"scripts":{"start":"node a.js"}}', "a.js": "1" });
    expect([plain.verdict, sarifHits(plain.raw)]).toEqual(["pass", []]);
    expect((await run({})).verdict).toBe("inconclusive");
  });
});
