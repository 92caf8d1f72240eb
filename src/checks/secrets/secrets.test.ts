import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { sarifHits, treeContext, treeOf } from "../../../test/support/tree-context.ts";
import { runCheck } from "../run.ts";
import type { CheckContext } from "../../ports/check.ts";
import { libraryRuleNames, secrets, secretlintVersion } from "./index.ts";
import { libraryRuleName, libraryRules } from "./scan.ts";

// Put together here, so that no scanner takes this file for one with secrets.
const awsId = `AKIA${"QYLPMN5HHHFPZAM2"}`;
const github = `ghp_${"1234567890abcdefghijABCDEFGHIJ123456"}`;
const slack = `xoxb-${"123456789012-123456789012-abcdefghijklmnopqrstuvwx"}`;
const key = `-----BEGIN RSA PRIVATE ${"KEY-----"}\nMIIEpAIBAAKCAQEA0Z3VS5JJcds3xfn/ygWyF0mHiW1xqf2p0Xy7\n-----END RSA PRIVATE ${"KEY-----"}`;
const jwt = `eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.${"eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"}`;
const word = "Tr0ub4dor&3";

const run = (context: CheckContext, configuration: object = {}) =>
  runCheck(secrets, context, { name: "secrets", with: { ...configuration }, timeout: 60_000 });

describe("the check secrets", () => {
  it("finds each basic kind, says where, and never what", async () => {
    const values = [awsId, github, slack, jwt, word, "hunter2xx", "s3cr3tpw"];
    const context = await treeContext({
      "a/aws.txt": `id ${awsId}\n`,
      "a/github.js": `const x = "${github}";\n`,
      "a/slack.md": `hello ${slack}\n`,
      "b/server.key": `${key}\n`,
      "b/jwt.json": `{"x":"${jwt}"}\n`,
      "b/db.yaml": `\nurl: postgres://admin:hunter2xx@db.internal:5432/app\nmongo: mongodb://root:s3cr3tpw@mongo/a\n`,
      "c/code.ts": `const a = 1;\nconst options = { password: "${word}" };\n`,
    });
    const report = await run(context);
    expect(report.verdict).toBe("pass");
    expect(report.exercised.files).toBe(7);
    const hits = sarifHits(report.raw).map(({ path, line }) => `${path}:${line}`);
    expect(hits.sort()).toEqual([
      "a/aws.txt:1",
      "a/github.js:1",
      "a/slack.md:1",
      "b/db.yaml:2",
      "b/db.yaml:3",
      "b/jwt.json:1",
      "b/server.key:1",
      "c/code.ts:2",
    ]);
    for (const value of values) expect(JSON.stringify(report)).not.toContain(value);
    expect(JSON.stringify(report)).not.toContain("MIIEpAIBAAKCAQEA");
  });

  it("keeps the fingerprint when lines move and when the secret is another, and not when the place is", async () => {
    const print = async (text: string) =>
      sarifHits((await run(await treeContext({ "a.ts": text }))).raw)[0]?.fingerprint;
    const first = await print(`const db = { password: "${word}" };\n`);
    expect(await print(`// moved\n\n  const db = { password: "${word}" };\n`)).toBe(first);
    expect(await print(`const db = { password: "An0ther-0ne-longer" };\n`)).toBe(first);
    expect(await print(`const mail = { password: "${word}" };\n`)).not.toBe(first);
  });

  it("takes references, templates and placeholders for what they are", async () => {
    const context = await treeContext({
      "a.ts": [
        "const a = { password: process.env.PASSWORD, token: `${token}` };",
        'const b = { password: "<your password>", apiKey: "YOUR_API_KEY", secret: "xxxxxxxx" };',
        'const c = { passwordLabel: "Please enter your password" };',
        'const d = "postgres://user:${PASSWORD}@host/db";',
      ].join("\n"),
      "b.env": "PASSWORD=\nTOKEN=${TOKEN}\n",
    });
    expect(sarifHits((await run(context)).raw)).toEqual([]);
  });

  it("obeys nothing in a hostile repository, and says what was asked", async () => {
    const context = await treeContext({
      ".gitleaks.toml": '[allowlist]\npaths = [".*"]\n',
      ".secretlintignore": "**/*\n",
      ".secretlintrc.json": '{"rules":[]}',
      "utf16.txt": Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(github, "utf16le")]),
      "not-utf8.txt": Buffer.concat([Buffer.from([0xe9, 0x80, 0x0a]), Buffer.from(awsId)]),
      "zero.bin": Buffer.concat([Buffer.from([0, 1, 0, 10]), Buffer.from(` ${github} `)]),
      "allowed.ts": `// secretlint-disable\nconst x = "${github}"; // gitleaks:allow\n`,
      "link.txt": { link: "utf16.txt" },
    });
    const report = await run(context);
    expect(report.verdict).toBe("pass");
    const files = sarifHits(report.raw).map(({ path }) => path);
    expect(files.sort()).toEqual(["allowed.ts", "not-utf8.txt", "utf16.txt", "zero.bin"]);
    const asked = report.suppressions?.map(({ path, tool }) => `${path} ${tool}`).sort();
    expect(asked).toEqual([
      ".gitleaks.toml gitleaks",
      ".secretlintignore secretlint",
      ".secretlintrc.json secretlint",
      "allowed.ts gitleaks",
      "allowed.ts secretlint",
    ]);
  });

  it("reads a file that is longer than it holds at once, and counts what two windows show as one", async () => {
    const line = `${"x".repeat(99)}\n`;
    const before = line.repeat(41_900);
    const after = line.repeat(10_000);
    const context = await treeContext({ "big.log": `${before}key ${github}\n${after}` });
    const hits = sarifHits((await run(context)).raw);
    expect(hits.map(({ line: at }) => at)).toEqual([41_901]);
  });

  it("believes no mark of an encoding, and needs none", async () => {
    const mark = { le: Buffer.from([0xff, 0xfe]), be: Buffer.from([0xfe, 0xff]) };
    const text = `#\nid ${awsId}\nconst db = { password: "${word}" };\n`;
    const le = Buffer.from(text, "utf16le");
    const be = Buffer.from(le).swap16();
    const context = await treeContext({
      "ascii-marked-be.ts": Buffer.concat([mark.be, Buffer.from(text)]),
      "ascii-marked-le.ts": Buffer.concat([mark.le, Buffer.from(text)]),
      "be.ts": be,
      "le.ts": le,
      "marked-be.ts": Buffer.concat([mark.be, be]),
      "marked-le.ts": Buffer.concat([mark.le, le]),
      "odd.ts": Buffer.concat([Buffer.from("x"), le]),
      "wrongly-marked.ts": Buffer.concat([mark.be, le]),
    });
    const hits = sarifHits((await run(context)).raw);
    const names = [...new Set(hits.map(({ path }) => path))].sort();
    expect(names).toHaveLength(8);
    const expected = names.flatMap((path) => [`${path}:2`, `${path}:3`]);
    expect(hits.map(({ path, line }) => `${path}:${line}`).sort()).toEqual(expected);
  });

  it("reads UTF-16 that is longer than it holds at once, where only the beginning is marked", async () => {
    const line = `${"x".repeat(99)}\n`;
    const text = `${line.repeat(30_000)}key ${github}\n${line.repeat(10)}`;
    const bytes = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, "utf16le")]);
    const hits = sarifHits((await run(await treeContext({ "big.log": bytes }))).raw);
    expect(hits.map(({ line: at }) => at)).toEqual([30_001]);
  });

  it("marks what the live release has too, and leaves it in the report", async () => {
    const old = `const a = "${github}";\n`;
    const live = await treeOf({ "a.ts": old });
    const context = await treeContext(
      { "a.ts": `// moved\n${old}const b = "${slack}";\n` },
      { live: { ...live, release: `sha256:${"c".repeat(64)}`, releaseName: "shop@1.0.0" } },
    );
    const report = await run(context, { baseline: "live" });
    expect(sarifHits(report.raw).map(({ line, baseline }) => [line, baseline])).toEqual([
      [2, "unchanged"],
      [3, "new"],
    ]);
    expect(report.summary).toContain("1 of them new against the live release shop@1.0.0");
  });

  it("is inconclusive about an empty release", async () => {
    expect((await run(await treeContext({}))).verdict).toBe("inconclusive");
  });

  it("counts what the pipeline leaves out", async () => {
    const context = await treeContext({ "a.ts": "1", "test/b.ts": `"${github}"` });
    const report = await run(context, { exclude: ["test/**"] });
    expect(sarifHits(report.raw)).toEqual([]);
    expect(report.summary).toContain("1 left out by the pipeline");
  });

  it("names the library's rules and version as they are", () => {
    expect(libraryRules.map(({ id }) => libraryRuleName(id)).sort()).toEqual([...libraryRuleNames]);
    const file = createRequire(import.meta.url).resolve("@secretlint/core/package.json");
    const { version } = JSON.parse(readFileSync(file, "utf8")) as { version: string };
    expect(version).toBe(secretlintVersion);
  });
});
