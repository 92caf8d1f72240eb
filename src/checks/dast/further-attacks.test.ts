import { readdirSync, readFileSync } from "node:fs";
import { get } from "node:http";
import { describe, expect, it } from "vitest";
import { makeCertificate } from "../../../test/support/certificate.ts";
import { serve, serveTls } from "../../../test/support/check-context.ts";
import { scanWith } from "../../../test/support/dast.ts";
import { needsTool } from "../../../test/support/optional.ts";
import { type Ask, escape, type Reply, service } from "../../../test/support/vulnerable.ts";
import { type RuleId, rules } from "./rules.ts";

/** A flaw each that `injection.test.ts` has not, and the same service without it. */

type Handler = (ask: Ask) => Reply | null | Promise<Reply | null>;

interface Twin {
  readonly rule: RuleId;
  readonly technique?: string;
  readonly link: string;
  readonly broken: Handler;
  readonly fixed: Handler;
  /** Attack classes that the flaw is not found by; they cost time. */
  readonly skip: readonly string[];
}

const slow = ["sql", "command", "files", "regex-dos", "nosql", "template", "xss"];
const without = (...kept: readonly string[]) => slow.filter((one) => !kept.includes(one));
const page = (body: string): Reply => ({ html: `<!doctype html><h1>Shop</h1>${body}` });
const people = ["ann", "bea", "carl"];
const list = (found: readonly string[]) =>
  page(`<ul>${found.map((one) => `<li>${one}</li>`).join("")}</ul>`);

/** `//person[name='…']`: as much of XPath 1.0 as the attack needs; null where it does not parse. */
function byXPath(value: string): readonly string[] | null {
  const terms = `name='${value}'`.split(" and ").map((term) => {
    const length = /^string-length\('([^']*)'\)=(\d+)$/.exec(term);
    if (length) return () => length[1]?.length === Number(length[2]);
    const same = /^(?:'([^']*)'|name)='([^']*)'$/.exec(term);
    return same ? (name: string) => (same[1] ?? name) === same[2] : null;
  });
  return people.filter((name) => terms.every((term) => term?.(name) ?? false));
}

function byScript(value: string): readonly string[] {
  try {
    // oxlint-disable-next-line no-new-func, typescript/no-implied-eval -- the flaw itself
    const test = new Function("name", `return name == '${value}'`) as (name: string) => boolean;
    return people.filter((name) => test(name));
  } catch {
    return [];
  }
}

function textAt(address: string): Promise<string> {
  return new Promise((resolve) => {
    get(address, (answer) => {
      let text = "";
      answer.on("data", (chunk) => (text += chunk));
      answer.on("end", () => resolve(text));
    }).on("error", () => resolve(""));
  });
}

/** What a program of one line would have printed. */
function printed(program: string): string {
  const found = /module\.exports="(\w+)"\+\((\d+)\*(\d+)\)/.exec(program);
  return found ? `${found[1]}${Number(found[2]) * Number(found[3])}` : "nothing";
}

const source = `import { readFileSync } from "node:fs";\nconst { join } = require("node:path");\nexport class Reader {}\n`;
const trace =
  "Error: ENOENT: no such file\n    at read (/srv/app/reader.js:3:5)\n    at /srv/app/main.js:9:1";

const twins: readonly Twin[] = [
  {
    rule: "xpath-injection",
    technique: "boolean",
    link: "/person?name=bea",
    skip: without(),
    broken: ({ query }) => list(byXPath(query.get("name") ?? "") ?? []),
    fixed: ({ query }) => list(people.filter((one) => one === query.get("name"))),
  },
  {
    rule: "nosql-injection",
    technique: "script",
    link: "/user?name=bea",
    skip: without("nosql"),
    broken: ({ query }) => list(byScript(query.get("name") ?? "")),
    fixed: ({ query }) => list(people.filter((one) => one === query.get("name"))),
  },
  {
    rule: "xss-jsonp",
    link: "/feed?callback=show",
    skip: without("xss"),
    broken: ({ query }) => ({
      text: `${query.get("callback")}({"items":[]})`,
      headers: { "content-type": "text/javascript" },
    }),
    fixed: ({ query }) => ({
      text: `${(query.get("callback") ?? "").replaceAll(/\W/g, "")}({"items":[]})`,
      headers: { "content-type": "text/javascript" },
    }),
  },
  {
    rule: "xss-dom",
    link: "/search",
    skip: without("xss"),
    broken: () => page(`<script>document.write("for " + location.hash.slice(1))</script>`),
    fixed: () =>
      page(`<script>document.querySelector("h1").textContent = location.hash.slice(1)</script>`),
  },
  {
    rule: "unsafe-deserialization",
    link: "/restore?state=empty",
    skip: without(),
    broken: ({ query }) => {
      const called = /^coperator\nmul\n\(I(\d+)\nI(\d+)\ntR\.$/.exec(query.get("state") ?? "");
      return { text: called ? `${Number(called[1]) * Number(called[2])}` : "empty" };
    },
    fixed: () => ({ text: "empty" }),
  },
  {
    rule: "source-disclosure",
    link: "/read?file=a.txt",
    skip: without("files"),
    broken: ({ query }) => {
      const file = query.get("file") ?? "";
      if (file === "a.txt") return { text: "content" };
      if (file.endsWith("/etc/passwd")) return { text: readFileSync("/etc/passwd", "utf8") };
      if (file.endsWith("/etc/group")) return { text: readFileSync("/etc/group", "utf8") };
      if (file === "reader.js") return { text: source };
      return { status: 500, text: trace };
    },
    fixed: ({ query }) => (query.get("file") === "a.txt" ? { text: "content" } : null),
  },
  {
    rule: "code-inclusion",
    technique: "remote",
    link: "/plugin?from=none",
    skip: without(),
    broken: async ({ query }) => {
      const from = query.get("from") ?? "";
      return { text: from.startsWith("http://127") ? printed(await textAt(from)) : "none" };
    },
    fixed: () => ({ text: "none" }),
  },
  {
    rule: "directory-listing",
    link: "/files/a.txt",
    skip: without(),
    broken: ({ path }) =>
      path === "/files/"
        ? {
            html: `<!doctype html><title>Index of /files/</title><h1>Index of /files/</h1><a href="../">../</a><a href="a.txt">a.txt</a>`,
          }
        : { text: "content" },
    fixed: ({ path }) => (path === "/files/a.txt" ? { text: "content" } : null),
  },
  {
    rule: "verbose-error",
    link: "/item?number=2",
    skip: without("nosql"),
    broken: ({ query }) =>
      /^\d+$/.test(query.get("number") ?? "") ? page("an item") : { status: 500, text: trace },
    fixed: ({ query }) =>
      /^\d+$/.test(query.get("number") ?? "") ? page("an item") : { status: 400, text: "no" },
  },
];

const handlerOf =
  ({ link }: Twin, handle: Handler): Handler =>
  (ask) =>
    ask.path === "/" ? page(`<a href="${escape(link)}">see</a>`) : handle(ask);

describe.each(twins)("$rule ($link)", { timeout: 120_000 }, (twin) => {
  it("is found", async () => {
    await using server = await serve(service(handlerOf(twin, twin.broken)));
    const { findings } = await scanWith(server.origin, { skip: twin.skip });
    const found = findings.find(({ rule }) => rule === twin.rule);
    expect(found, JSON.stringify(findings)).toBeDefined();
    expect(found?.evidence.length).toBeGreaterThan(1);
    if (twin.technique !== undefined) expect(found?.techniques).toContain(twin.technique);
  });

  it("is not reported where it is not, nor anything else", async () => {
    await using server = await serve(service(handlerOf(twin, twin.fixed)));
    const { findings } = await scanWith(server.origin, { skip: twin.skip });
    expect(findings).toEqual([]);
  });
});

const openssl = needsTool("openssl");
it.skipIf(openssl.missing)("a certificate that nobody trusts is found (weak-tls)", async () => {
  const { key, certificate } = makeCertificate(openssl.path, 30);
  const answer = service(() => page("hello"));
  await using server = await serveTls({ key, cert: certificate }, answer);
  const { findings } = await scanWith(server.origin, { mode: "passive" });
  expect(findings.map(({ rule }) => rule)).toContain("weak-tls");
});

it("leaves no rule without a service that breaks it", () => {
  const tests = readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => readFileSync(`${import.meta.dirname}/${name}`, "utf8"))
    .join("\n");
  const untested = Object.keys(rules).filter((id) => !RegExp(`["\`( ]${id}["\`) ]`).test(tests));
  expect(untested).toEqual([]);
});
