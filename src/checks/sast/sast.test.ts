import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { sarifHits, treeContext, treeOf } from "../../../test/support/tree-context.ts";
import type { CheckContext } from "../../ports/check.ts";
import { runCheck } from "../run.ts";
import { sourceFile } from "../scanner/source-file.ts";
import { parserVersion, sast } from "./index.ts";
import { sastRules } from "./rules/catalogue.ts";
import { examine } from "./scan.ts";

const run = (context: CheckContext, configuration: object = {}) =>
  runCheck(sast, context, { name: "sast", with: { ...configuration }, timeout: 60_000 });

function rulesIn(text: string, path = "a.ts"): readonly string[] {
  const bytes = Buffer.from(text);
  const hits = examine(sourceFile({ path, size: bytes.length, executable: false, bytes }));
  return [...new Set(hits.map(({ rule }) => rule))].sort();
}

const express = `import express from "express"; const app = express();\n`;
const route = (body: string, head = "") =>
  `${head}${express}app.get("/x/:id", async (req, res) => {\n${body}\n});`;
const cp = `import { exec, execFile, spawn } from "node:child_process";\n`;
const fs = `const fs = require("fs"); const path = require("path");\n`;

/** What each rule is for, and beside it the same thing done right. */
const pairs: readonly (readonly [rule: string, wrong: string, right: string])[] = [
  ["code-injection", route("eval(req.query.x);"), route("JSON.parse(req.query.x);")],
  [
    "code-injection",
    route("new Function('a', `return ${req.body.f}`);"),
    route("new Function('a', 'return a');"),
  ],
  [
    "command-injection",
    route("const n = req.query.n; exec(`ping ${n}`);", cp),
    route("execFile('ping', [req.query.n]);", cp),
  ],
  [
    "command-injection",
    route("spawn('ls', [req.body.d], { shell: true });", cp),
    route("spawn('ls', [req.body.d]);", cp),
  ],
  [
    "sql-injection",
    route("db.query('SELECT * FROM t WHERE id = ' + req.params.id);"),
    route("db.query('SELECT * FROM t WHERE id = $1', [req.params.id]);"),
  ],
  [
    "sql-injection",
    route("let q = 'SELECT a FROM t'; q += ` WHERE n = '${req.body.n}'`; await db.query(q);"),
    route("await db.query(`SELECT a FROM t WHERE n = ${Number(req.body.n)}`);"),
  ],
  [
    "nosql-injection",
    route("await users.findOne({ name: req.body.name, pass: req.body.pass });"),
    route("await users.findOne({ name: String(req.body.name) });"),
  ],
  [
    "nosql-injection",
    route("await users.find({ $where: `this.a == '${req.query.a}'` });"),
    route("await users.find({ $where: 'this.a == 1' });"),
  ],
  [
    "path-traversal",
    route("fs.readFile(path.join('/data', req.query.f), cb);", fs),
    route("fs.readFile(path.join('/data', path.basename(req.query.f)), cb);", fs),
  ],
  [
    "path-traversal",
    route("res.sendFile(req.params.id);"),
    route("res.sendFile(req.params.id, { root: '/data' });"),
  ],
  [
    "ssrf",
    route("await fetch(req.query.url);"),
    route("await fetch(`https://api.example.org/${req.query.id}`);"),
  ],
  [
    "open-redirect",
    route("res.redirect(req.query.to);"),
    route("res.redirect('/done?x=' + req.query.to);"),
  ],
  [
    "reflected-xss",
    route("res.send(`<h1>${req.query.name}</h1>`);"),
    route("res.send(`<h1>${escapeHtml(req.query.name)}</h1>`);"),
  ],
  [
    "reflected-xss",
    route("res.status(200).send('Hi ' + req.params.id);"),
    route("res.status(200).json({ id: req.params.id });"),
  ],
  [
    "dom-xss",
    "document.getElementById('a').innerHTML = decodeURIComponent(location.hash.slice(1));",
    "document.getElementById('a').textContent = location.hash;",
  ],
  [
    "regex-injection",
    route("new RegExp(req.query.q).test('a');"),
    route("new RegExp(escapeRegExp(req.query.q)).test('a');"),
  ],
  ["slow-regex", "/^([a-z]+)+$/.test(x);", "/^[a-z]+$/.test(x);"],
  [
    "prototype-pollution",
    route("store[req.body.a][req.body.b] = req.body.c;"),
    route("store.set(req.body.a, req.body.c);"),
  ],
  [
    "prototype-pollution",
    route("merge({}, req.body);", `import { merge } from "lodash";\n`),
    route("merge({}, { a: String(req.body.a) });", `import { merge } from "lodash";\n`),
  ],
  [
    "mass-assignment",
    route("await User.create(req.body);"),
    route("await User.create({ name: String(req.body.name) });"),
  ],
  [
    "unsafe-deserialization",
    route("s.unserialize(req.cookies.p);", `const s = require("node-serialize");\n`),
    route("JSON.parse(req.cookies.p);"),
  ],
  [
    "xml-external-entities",
    route("lib.parseXml(req.body.x, { noent: true });", `const lib = require("libxmljs");\n`),
    route("lib.parseXml(req.body.x, { noent: false });", `const lib = require("libxmljs");\n`),
  ],
  [
    "log-injection",
    route("console.log('user ' + req.query.u);"),
    route("console.log('user', Number(req.query.u));"),
  ],
  [
    "weak-password-hash",
    `import crypto from "node:crypto"; crypto.createHash("md5").update(password).digest();`,
    `import crypto from "node:crypto"; crypto.scryptSync(password, salt, 32);`,
  ],
  [
    "weak-hash",
    `import { createHash } from "crypto"; createHash("sha1").update(x);`,
    `import { createHash } from "crypto"; createHash("sha256").update(x);`,
  ],
  [
    "weak-cipher",
    `require("crypto").createCipheriv("aes-128-ecb", k, null);`,
    `require("crypto").createCipheriv("aes-256-gcm", k, n);`,
  ],
  [
    "insecure-random",
    "const resetToken = Math.random().toString(36);",
    "const colour = Math.random();",
  ],
  [
    "tls-verification-off",
    "https.get({ host, rejectUnauthorized: false });",
    "https.get({ host, rejectUnauthorized: true });",
  ],
  [
    "tls-verification-off",
    `process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";`,
    `process.env.OTHER = "0";`,
  ],
  [
    "cors-any-origin",
    `import cors from "cors"; app.use(cors());`,
    `import cors from "cors"; app.use(cors({ origin: "https://a.example.org" }));`,
  ],
  [
    "cors-any-origin",
    route("res.set('Access-Control-Allow-Origin', req.headers.origin);"),
    route("res.set('Access-Control-Allow-Origin', 'https://a.example.org');"),
  ],
  [
    "cookie-flags",
    route("res.cookie('s', id);"),
    route("res.cookie('s', id, { httpOnly: true, secure: true });"),
  ],
  [
    "hardcoded-secret",
    `const jwt = require("jsonwebtoken"); jwt.sign(a, "letmein-123");`,
    `const jwt = require("jsonwebtoken"); jwt.sign(a, process.env.KEY);`,
  ],
  [
    "jwt-not-verified",
    `import jwt from "jsonwebtoken"; jwt.verify(t, k, { algorithms: ["HS256", "none"] });`,
    `import jwt from "jsonwebtoken"; jwt.verify(t, k, { algorithms: ["HS256"] });`,
  ],
  [
    "error-details",
    route("try { f(); } catch (e) { res.send(e.stack); }"),
    route("try { f(); } catch (e) { res.sendStatus(500); }"),
  ],
  [
    "autoescape-off",
    `const swig = require("swig"); swig.setDefaults({ autoescape: false });`,
    `const swig = require("swig"); swig.setDefaults({ autoescape: true });`,
  ],
];

describe("the rules for source code", () => {
  it.each(pairs)("%s: finds %j and not %j", (rule, wrong, right) => {
    expect(rulesIn(wrong)).toContain(rule);
    expect(rulesIn(right)).not.toContain(rule);
  });

  it("follow a value through helpers, destructuring, callbacks and objects of one file", () => {
    const helper = `function clean(x) { return x.trim(); }\n`;
    expect(rulesIn(route("const { body: { name } } = req; eval(clean(name));", helper))).toContain(
      "code-injection",
    );
    expect(rulesIn(route("req.body.list.map((one) => eval(one));"))).toContain("code-injection");
    expect(rulesIn(route("const o = { a: req.query.a, b: 1 }; eval(o.a);"))).toContain(
      "code-injection",
    );
    expect(rulesIn(route("const o = { a: req.query.a, b: 1 }; eval(o.b);"))).not.toContain(
      "code-injection",
    );
    expect(
      rulesIn(`${cp}function run(cmd) { exec("git " + cmd); }\n${route("run(req.body.cmd);")}`),
    ).toContain("command-injection");
    expect(rulesIn(`router.post("/", async ({ body }, response) => { eval(body.x); });`)).toContain(
      "code-injection",
    );
    expect(rulesIn(`app.use(async (ctx) => { eval(ctx.request.body.x); });`)).toContain(
      "code-injection",
    );
    expect(
      rulesIn(`class A { handle = (req, res) => { this.go(req.query.a); }; go(x) { eval(x); } }`),
    ).toContain("code-injection");
  });

  it("come to an end on functions that call each other in circles", () => {
    const circle = Array.from(
      { length: 30 },
      (_, i) => `function f${i}(a) { return c ? f${(i + 1) % 30}(a).x : f${(i + 7) % 30}(a).y; }`,
    ).join("\n");
    const began = performance.now();
    rulesIn(`${circle}\neval(f0(q).z);`);
    expect(performance.now() - began).toBeLessThan(20_000);
  });

  it("read every dialect: modules, scripts, types, JSX, a first line for the shell", () => {
    expect(
      rulesIn("const x: string = location.hash; el.innerHTML = x as string;", "a.mts"),
    ).toContain("dom-xss");
    expect(
      rulesIn(
        "export const A = () => <div dangerouslySetInnerHTML={{ __html: location.hash }} />;",
        "a.jsx",
      ),
    ).toContain("dom-xss");
    expect(rulesIn(`#!/usr/bin/env node\neval(process.argv[2]);`, "a.cjs")).toContain(
      "code-injection",
    );
    expect(rulesIn("<p><%- name %></p><%- include('x') %>", "a.ejs")).toEqual([
      "unescaped-template",
    ]);
    expect(rulesIn("<p><%= name %></p>", "a.ejs")).toEqual([]);
  });

  it("name no rule that the catalogue does not have", () => {
    const known = new Set(sastRules.map(({ id }) => id));
    for (const [rule] of pairs) expect(known).toContain(rule);
    const tested = new Set(pairs.map(([rule]) => rule));
    const elsewhere = ["unescaped-template", "weak-tls"];
    expect([...known].filter((id) => !tested.has(id) && !elsewhere.includes(id))).toEqual([]);
    expect(rulesIn(`tls.connect({ minVersion: "TLSv1" });`)).toEqual(["weak-tls"]);
  });
});

describe("the check sast", () => {
  it("obeys no comment or configuration, and names each file that cannot be parsed", async () => {
    const context = await treeContext({
      ".semgrepignore": "*\n",
      "eslint.config.js": "module.exports = [];\n",
      "a.js": `${route("eval(req.query.x); // nosemgrep")}\n/* eslint-disable */\n`,
      "deep.js": `x = ${"[".repeat(60_000)}${"]".repeat(60_000)};`,
      "broken.ts": "const = ;;; )",
      "latin1.js": Buffer.concat([
        Buffer.from("// \xe9\n", "latin1"),
        Buffer.from(route("eval(req.body.x);")),
      ]),
      "node_modules/a/index.js": "eval(location.hash)",
      "README.md": "eval(x)",
    });
    const report = await run(context);
    expect(report.verdict).toBe("partial");
    expect(report.results.map(({ name }) => name).sort()).toEqual(["broken.ts", "deep.js"]);
    expect(sarifHits(report.raw).map(({ path }) => path)).toEqual(["a.js", "latin1.js"]);
    const asked = report.suppressions?.map(({ path, tool }) => `${path} ${tool}`).sort();
    expect(asked).toEqual([
      ".semgrepignore semgrep",
      "a.js eslint",
      "a.js semgrep",
      "eslint.config.js eslint",
    ]);
    expect((await run(context, { unreadable: 2 })).verdict).toBe("pass");
  });

  it("names a file whose mark of UTF-16 is not so as not examined, and reads one where it is", async () => {
    const mark = Buffer.from([0xff, 0xfe]);
    const text = route("eval(req.query.x);");
    const context = await treeContext({
      "marked.js": Buffer.concat([mark, Buffer.from(text)]),
      "utf16.js": Buffer.concat([mark, Buffer.from(text, "utf16le")]),
    });
    const report = await run(context);
    expect(report.verdict).toBe("partial");
    expect(report.results.map(({ name }) => name)).toEqual(["marked.js"]);
    expect(sarifHits(report.raw).map(({ path }) => path)).toEqual(["utf16.js"]);
  });

  it("is inconclusive where there is no source of its own", async () => {
    const report = await run(await treeContext({ "README.md": "x", "node_modules/a.js": "1" }));
    expect(report.verdict).toBe("inconclusive");
  });

  it("tells a hit that moved from a new one", async () => {
    const old = route("eval(req.query.a);");
    const live = await treeOf({ "a.js": old });
    const context = await treeContext(
      { "a.js": `// a comment\n\n${old}\n${route("eval(req.query.b);")}` },
      { live: { ...live, release: `sha256:${"c".repeat(64)}`, releaseName: "shop@1.0.0" } },
    );
    const report = await run(context, { baseline: "live" });
    expect(sarifHits(report.raw).map(({ baseline }) => baseline)).toEqual(["unchanged", "new"]);
  });

  it("names the parser's version as it is", () => {
    const file = createRequire(import.meta.url).resolve("@babel/parser/package.json");
    expect((JSON.parse(readFileSync(file, "utf8")) as { version: string }).version).toBe(
      parserVersion,
    );
  });
});
