import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { describe, expect, it } from "vitest";
import { serve } from "../../../test/support/check-context.ts";
import {
  type Ask,
  escape,
  type Reply,
  service,
  shopDatabase,
} from "../../../test/support/vulnerable.ts";
import type { RuleId } from "./rules.ts";
import { scanWith } from "../../../test/support/dast.ts";

type Handler = (ask: Ask) => Reply | null | Promise<Reply | null>;

interface Twin {
  readonly rule: RuleId;
  readonly technique?: string;
  readonly link: string;
  readonly broken: Handler;
  readonly fixed: Handler;
}

const page = (body: string): Reply => ({ html: `<!doctype html><h1>Shop</h1>${body}` });
const rows = (found: unknown[]) =>
  page(`<ul>${found.map((one) => `<li>${escape(JSON.stringify(one))}</li>`).join("")}</ul>`);

async function fetched(address: string): Promise<string> {
  return new Promise((resolve) => {
    const call = request(address, (answer) => {
      let text = "";
      answer.on("data", (chunk) => (text += chunk));
      answer.on("end", () => resolve(text));
    });
    call.on("error", () => resolve("nothing"));
    call.end();
  });
}

function shell(line: string): string {
  try {
    return execFileSync("/bin/sh", ["-c", line], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
  } catch {
    return "";
  }
}

const comments: string[] = [];

/** A flaw each, and the same service without it. */
const twins: readonly Twin[] = [
  {
    rule: "sql-injection",
    technique: "boolean",
    link: "/item?number=2",
    broken: ({ query }) => {
      try {
        return rows(
          shopDatabase()
            .prepare(`SELECT id, name FROM item WHERE id=${query.get("number")}`)
            .all(),
        );
      } catch {
        return rows([]);
      }
    },
    fixed: ({ query }) =>
      rows(shopDatabase().prepare("SELECT id, name FROM item WHERE id=?").all(query.get("number"))),
  },
  {
    rule: "sql-injection",
    technique: "error",
    link: "/find?word=apple",
    broken: ({ query }) => {
      try {
        shopDatabase()
          .prepare(`SELECT * FROM item WHERE name='${query.get("word")}'`)
          .all();
        return page("looked");
      } catch (error) {
        return { status: 500, text: `SQLITE_ERROR: ${String(error)}` };
      }
    },
    fixed: ({ query }) => {
      shopDatabase().prepare("SELECT * FROM item WHERE name=?").all(query.get("word"));
      return page("looked");
    },
  },
  {
    rule: "nosql-injection",
    link: "/user?name=joe",
    broken: ({ query }) => {
      const unequal = query.get("name[$ne]");
      const name = query.get("name[$eq]") ?? query.get("name");
      const users = ["ann", "bea", "carl"];
      return rows(users.filter((one) => (unequal === null ? one === name : one !== unequal)));
    },
    fixed: ({ query }) => rows(["ann", "bea", "carl"].filter((one) => one === query.get("name"))),
  },
  {
    rule: "command-injection",
    link: "/look?host=here",
    broken: ({ query }) => ({ text: shell(`echo looking for ${query.get("host")}`) }),
    fixed: ({ query }) => ({
      text: execFileSync(
        "/bin/echo",
        ["looking for", (query.get("host") ?? "").replaceAll("\0", "")],
        { encoding: "utf8" },
      ),
    }),
  },
  {
    rule: "path-traversal",
    link: "/read?file=a.txt",
    broken: ({ query }) => ({ text: readFileSync(`/tmp/${query.get("file")}`, "utf8") }),
    fixed: ({ query }) => (query.get("file") === "a.txt" ? { text: "content" } : null),
  },
  {
    rule: "xss-reflected",
    link: "/hello?name=joe",
    broken: ({ query }) => page(`Hello ${query.get("name")}`),
    fixed: ({ query }) =>
      page(`Hello ${escape(query.get("name") ?? "")} <!-- ${escape(query.get("name") ?? "")} -->`),
  },
  {
    rule: "xss-reflected",
    technique: "script",
    link: "/track?id=joe",
    broken: ({ query }) =>
      page(`<script>var id = '${(query.get("id") ?? "").replaceAll("<", "&lt;")}';</script>`),
    fixed: ({ query }) =>
      page(
        `<script>var id = ${JSON.stringify(query.get("id")).replaceAll("<", "\\u003c")};</script>`,
      ),
  },
  {
    rule: "xss-stored",
    link: "/say?comment=hello",
    broken: ({ query, path }) => {
      if (path === "/say") comments.push(query.get("comment") ?? "");
      return page(
        `<a href="/wall">wall</a>${path === "/wall" ? comments.slice(-50).join("<br>") : ""}`,
      );
    },
    fixed: ({ query, path }) => {
      if (path === "/say") comments.push(query.get("comment") ?? "");
      return page(
        `<a href="/wall">wall</a>${path === "/wall" ? comments.slice(-50).map(escape).join("<br>") : ""}`,
      );
    },
  },
  {
    rule: "open-redirect",
    link: "/go?to=%2Fhome",
    broken: ({ query }) => ({
      status: 302,
      headers: { location: encodeURI(query.get("to") ?? "/") },
    }),
    fixed: () => ({ status: 302, headers: { location: "/" } }),
  },
  {
    rule: "ssrf",
    link: "/fetch?address=%2Fx",
    broken: async ({ query }) => {
      const address = query.get("address") ?? "";
      return { text: address.startsWith("http://127") ? await fetched(address) : "no" };
    },
    fixed: () => ({ text: "no" }),
  },
  {
    rule: "template-injection",
    link: "/card?greeting=hello",
    broken: ({ query }) =>
      page(
        escape(
          (query.get("greeting") ?? "").replace(
            /\{\{(\d+)\*(\d+)\}\}/g,
            (_all, a, b) => `${Number(a) * Number(b)}`,
          ),
        ),
      ),
    fixed: ({ query }) => page(escape(query.get("greeting") ?? "")),
  },
  {
    rule: "xxe",
    link: "/import?xml=%3Croot%2F%3E",
    broken: ({ query }) => {
      const file = /SYSTEM "file:\/\/([^"]+)"/.exec(query.get("xml") ?? "")?.[1];
      return { text: file === undefined ? "<root/>" : readFileSync(file, "utf8") };
    },
    fixed: ({ query }) => ({ text: escape(query.get("xml") ?? "") }),
  },
  {
    rule: "regex-dos",
    link: "/subscribe?email=a%40example.com",
    broken: ({ query }) => ({
      text: /^([a-zA-Z0-9]+)*@/.test(query.get("email") ?? "") ? "ok" : "no",
    }),
    fixed: ({ query }) => ({ text: /^[a-zA-Z0-9]+@/.test(query.get("email") ?? "") ? "ok" : "no" }),
  },
];

function handlerOf({ link }: Twin, handle: Handler): Handler {
  return (ask) =>
    ask.path === "/" ? page(`<a href="${link.replaceAll("&", "&amp;")}">see</a>`) : handle(ask);
}

describe.each(twins)("$rule ($link)", { timeout: 120_000 }, (twin) => {
  it("is found", async () => {
    await using server = await serve(service(handlerOf(twin, twin.broken)));
    const { findings } = await scanWith(server.origin, only(twin));
    const found = findings.find(({ rule }) => rule === twin.rule);
    expect(found, JSON.stringify(findings)).toBeDefined();
    expect(found?.evidence.length).toBeGreaterThan(1);
    if (twin.technique !== undefined) expect(found?.techniques).toContain(twin.technique);
  });

  it("is not reported where it is not, nor anything else", async () => {
    await using server = await serve(service(handlerOf(twin, twin.fixed)));
    const { findings } = await scanWith(server.origin);
    expect(findings).toEqual([]);
  });
});

/** The classes that are not asked about cost time. */
function only({ rule }: Twin): object {
  const slow = ["sql", "command", "files", "regex-dos", "nosql", "template", "xss"];
  const keep: Readonly<Record<string, string>> = {
    "sql-injection": "sql",
    "command-injection": "command",
    "path-traversal": "files",
    "regex-dos": "regex-dos",
    "nosql-injection": "nosql",
    "template-injection": "template",
    "xss-reflected": "xss",
    "xss-stored": "xss",
  };
  return { skip: slow.filter((one) => one !== keep[rule]) };
}

/** `writeHead` of Node refuses line breaks, so this one writes its answer itself. */
describe("header injection", { timeout: 120_000 }, () => {
  const answer =
    (clean: boolean) =>
    (_request: unknown, response: { socket: { end(text: string): void } | null }) => {
      const url = new URL((_request as { url: string }).url, "http://x");
      const value = url.searchParams.get("lang") ?? "en";
      const language = clean ? value.replaceAll(/[\r\n]/g, "") : value;
      const body = '<a href="/?lang=en">en</a>';
      response.socket?.end(
        `HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nx-content-type-options: nosniff\r\nreferrer-policy: no-referrer\r\ncontent-security-policy: frame-ancestors 'none'\r\nconnection: close\r\nx-language: ${language.replaceAll(/[^\t\r\n\x20-\x7e]/g, "")}\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
    };
  it("is found, and not where line breaks are taken out", async () => {
    await using broken = await serve(answer(false) as never);
    const { findings } = await scanWith(broken.origin);
    expect(findings.map(({ rule }) => rule)).toContain("header-injection");
    await using fixed = await serve(answer(true) as never);
    expect((await scanWith(fixed.origin)).findings).toEqual([]);
  });
});
