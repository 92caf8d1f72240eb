import { describe, expect, it } from "vitest";
import { checkContext, serve } from "../../../test/support/check-context.ts";
import { scanWith } from "../../../test/support/dast.ts";
import { escape, service } from "../../../test/support/vulnerable.ts";
import type { CheckReport } from "../../model/verdict.ts";
import { sarif } from "../../findings/parsers/sarif/index.ts";
import { readText } from "../../findings/reading/read-text.ts";
import { runCheck } from "../run.ts";
import { dast } from "./index.ts";

const quick = { limits: { requestsPerSecond: 5_000, timeoutMs: 1_000 } };

async function check(
  origin: string,
  configuration: object = {},
  timeout = 60_000,
): Promise<CheckReport> {
  const demand = { name: "dast", with: { ...quick, ...configuration }, timeout };
  return runCheck(dast, checkContext({ instances: [origin] }), demand);
}

const shop = service(({ path, query }) =>
  path === "/"
    ? { html: '<a href="/hello?name=joe">hello</a><a href="/item/7">seven</a>' }
    : path === "/hello"
      ? { html: `Hello ${query.get("name")}` }
      : path.startsWith("/item/")
        ? { html: `Item ${escape(path.slice(6))}` }
        : null,
);

describe("a scan", { timeout: 60_000 }, () => {
  it("hands over SARIF with place, evidence and a replay, and says that it was whole", async () => {
    await using server = await serve(shop);
    const report = await check(server.origin);
    expect(report.verdict).toBe("pass");
    expect(report.exercised.requests).toBeGreaterThan(50);
    expect(report.exercised.routes).toBeGreaterThanOrEqual(3);
    expect(report.raw?.format).toBe("sarif");
    const sarif = JSON.parse(report.raw?.text ?? "") as {
      runs: { results: { ruleId: string; properties: Record<string, unknown> }[] }[];
    };
    const [result] = sarif.runs[0]?.results ?? [];
    expect(result?.ruleId).toBe("xss-reflected");
    expect(result?.properties["security-severity"]).toBe("7.2");
    expect(result?.properties["tidelock"]).toMatchObject({
      method: "GET",
      route: "/hello",
      parameter: "name",
      confirmed: true,
    });
    expect(JSON.stringify(result)).toContain("curl --path-as-is");
  });

  it("sends the same requests for the same seed, and others for another", async () => {
    await using server = await serve(shop);
    const paths = async (seed: number) => {
      // Those that measure time look again when an answer is late.
      const skip = ["sql", "command", "regex-dos"];
      const { log } = await scanWith(server.origin, { seed, skip });
      return log.map(
        ({ method, path }) => `${method} ${path.replaceAll(/127\.0\.0\.1(%3A|:)\d+/g, "canary")}`,
      );
    };
    const first = await paths(7);
    expect(first.length).toBeGreaterThan(50);
    expect(await paths(7)).toEqual(first);
    expect(await paths(8)).not.toEqual(first);
  });

  it("follows nothing off its host, whoever says so", async () => {
    let heard = 0;
    await using elsewhere = await serve((_request, response) => {
      heard += 1;
      response.end();
    });
    await using server = await serve(
      service(({ path }) =>
        path === "/"
          ? {
              html: `<a href="${elsewhere.origin}/a">x</a><form action="${elsewhere.origin}/b" method="post"><input name="a"></form><a href="/go">go</a><base href="${elsewhere.origin}/">`,
            }
          : path === "/robots.txt"
            ? { text: `Sitemap: ${elsewhere.origin}/sitemap.xml\nDisallow: //127.0.0.1/` }
            : { status: 302, headers: { location: `${elsewhere.origin}/c` } },
      ),
    );
    const openapi = {
      document: JSON.stringify({
        openapi: "3.0.0",
        servers: [{ url: elsewhere.origin }],
        paths: { "/d": { get: {} } },
      }),
    };
    const report = await check(server.origin, { openapi });
    expect(report.exercised.requests).toBeGreaterThan(3);
    expect(heard).toBe(0);
  });

  it("ends on a site that does not", async () => {
    let count = 0;
    await using server = await serve(
      service(({ path }) => {
        count += 1;
        const more = Array.from(
          { length: 20 },
          (_one, index) => `${path.replace(/\/$/, "")}/w${count}x${index}`,
        );
        return { html: more.map((link) => `<a href="${link}?p=${count}">more</a>`).join("") };
      }),
    );
    const limits = { requestsPerSecond: 5_000, pages: 60, depth: 4, requests: 3_000 };
    const skip = [
      "sql",
      "command",
      "xss",
      "files",
      "template",
      "nosql",
      "header-injection",
      "open-redirect",
      "xpath",
    ];
    const { log, pages } = await scanWith(server.origin, { limits, skip });
    expect(pages).toBeLessThanOrEqual(60);
    expect(log.length).toBeLessThanOrEqual(3_000);
  });

  it("is partial when its requests are spent", async () => {
    await using server = await serve(shop);
    const report = await check(server.origin, {
      limits: { requestsPerSecond: 5_000, requests: 30 },
    });
    expect(report.verdict).toBe("partial");
    expect(report.summary).toContain("budget of 30 requests");
  });

  it("is partial, with what it found, when its time is up", async () => {
    await using server = await serve(shop);
    const limits = { requestsPerSecond: 60 };
    const report = await check(server.origin, { limits }, 3_000);
    expect(report.verdict).toBe("partial");
    expect(report.summary).toContain("the time was up");
    expect(report.exercised.requests).toBeGreaterThan(10);
  });

  it("is read as observations of the HTTP surface", async () => {
    await using server = await serve(shop);
    const report = await check(server.origin);
    const { observations, complete } = readText(sarif, report.raw?.text ?? "");
    expect(complete).toBe(true);
    expect(observations).toHaveLength(1);
    expect(observations[0]).toMatchObject({
      rule: "xss-reflected",
      severity: "high",
      cwe: [79],
      place: { kind: "http", method: "GET", route: "/hello", parameter: "name" },
    });
  });

  it("does not attack what it was told to keep off, nor signs out", async () => {
    await using server = await serve(
      service(() => ({
        html: '<a href="/wipe?a=1">x</a><a href="/sign-out">x</a><a href="/logout?b=1">x</a>',
      })),
    );
    const { log } = await scanWith(server.origin, { avoid: ["/wipe"] });
    expect(log.filter(({ path }) => /wipe|sign-out|logout/.test(path))).toEqual([]);
  });

  it("attacks only what the release changed, when asked", async () => {
    const describe = (paths: object) => ({ document: JSON.stringify({ openapi: "3.0.0", paths }) });
    const item = { get: { parameters: [{ name: "a", in: "query", schema: { type: "string" } }] } };
    await using server = await serve(
      service(({ query }) => ({ html: `x ${query.get("a") ?? ""}` })),
    );
    const { findings } = await scanWith(server.origin, {
      openapi: describe({ "/old": item, "/new": item }),
      baseline: describe({ "/old": item }),
      routes: "changed",
    });
    expect(findings.map(({ route }) => route).filter((route) => route !== "/")).toEqual(["/new"]);
  });
});

describe("passive mode", () => {
  it("only reads, and judges headers, cookies and errors", async () => {
    const methods = new Set<string>();
    await using server = await serve((request, response) => {
      methods.add(`${request.method}`);
      response.writeHead(request.url === "/boom" ? 500 : 200, {
        "content-type": "text/html",
        "set-cookie": "session=abc",
        server: "shop/1.2",
      });
      response.end(
        request.url === "/boom"
          ? "Error\n    at handler (/srv/app/index.js:10:5)"
          : '<a href="/boom">x</a><form method="post" action="/send"><input name="a"></form><form action="/find"><input name="q"></form>',
      );
    });
    const { findings, log } = await scanWith(server.origin, { mode: "passive" });
    expect([...methods]).toEqual(["GET"]);
    expect(log.some(({ path }) => path.startsWith("/find?") || path.startsWith("/send"))).toBe(
      false,
    );
    const rules = new Set(findings.map(({ rule }) => rule));
    for (const rule of ["framing", "header-policy", "cookie-flags", "version-leak"])
      expect(rules).toContain(rule);
    expect(JSON.stringify(findings)).not.toContain("abc");
  });
  it("is passive to the runner as well", () => {
    const touch = dast.touch as (configuration: unknown) => string;
    expect(touch(dast.schema.parse({ mode: "passive" }))).toBe("passive");
    expect(touch(dast.schema.parse({}))).toBe("intrusive");
  });
});

describe("a scan that sees little", { timeout: 60_000 }, () => {
  const form =
    '<form method="post" action="/login"><input name="user"><input type="password" name="pass"></form>';

  it("is inconclusive of a sign-in page alone", async () => {
    await using server = await serve(service(() => ({ html: form })));
    const report = await check(server.origin);
    expect(report.verdict).toBe("inconclusive");
    expect(report.summary).toContain("only a sign-in page");
  });

  it("is inconclusive when nobody can sign in, and shows no password", async () => {
    await using server = await serve(
      service(({ method }) =>
        method === "POST" ? { html: "wrong" } : { html: `${form}<a href="/a">a</a>` },
      ),
    );
    const identities = [
      {
        name: "alice",
        username: "alice",
        password: "hunter2-hunter2",
        login: { kind: "form", page: "/", fields: { user: "{{username}}", pass: "{{password}}" } },
        check: { path: "/me", contains: "alice" },
      },
    ];
    const report = await check(server.origin, { identities, skip: ["sql", "command"] });
    expect(report.verdict).toBe("inconclusive");
    expect(report.summary).toContain("alice is not signed in");
    expect(JSON.stringify(report)).not.toContain("hunter2");
  });

  it("does not believe a check that a stranger passes too", async () => {
    await using server = await serve(service(() => ({ html: "hello alice" })));
    const identities = [
      {
        name: "alice",
        login: { kind: "headers", headers: { authorization: "Bearer abcdefgh12345" } },
        check: { path: "/me", contains: "alice" },
      },
    ];
    const report = await check(server.origin, { identities, skip: ["sql", "command"] });
    expect(report.verdict).toBe("inconclusive");
    expect(report.summary).toContain("proves nothing");
  });

  it("signs in through a form with its hidden token, and again when the session ends", async () => {
    let session = 0;
    let alive = false;
    await using server = await serve(
      service(({ path, method, form: sent, cookies }) => {
        if (path === "/login" && method === "GET") {
          return {
            html: '<form method="post"><input type="hidden" name="csrf" value="t1"><input name="user"><input type="password" name="pass"></form>',
            headers: { "set-cookie": "pre=1; HttpOnly; SameSite=Lax" },
          };
        }
        if (path === "/login") {
          const right =
            sent.get("csrf") === "t1" &&
            sent.get("pass") === "p4ssw0rd-x" &&
            cookies.get("pre") === "1";
          if (!right) return { status: 403, html: "no" };
          session += 1;
          alive = true;
          return {
            html: "hello",
            headers: { "set-cookie": `sid=s${session}; HttpOnly; SameSite=Lax` },
          };
        }
        const signedIn = alive && cookies.get("sid") === `s${session}`;
        if (!signedIn) return { status: 401, html: "sign in" };
        if (path === "/end") alive = false;
        return { html: `<p>ann</p><a href="/end?x=1">end</a>` };
      }),
    );
    const identities = [
      {
        name: "ann",
        username: "ann",
        password: "p4ssw0rd-x",
        login: {
          kind: "form",
          page: "/login",
          fields: { user: "{{username}}", pass: "{{password}}" },
        },
        check: { path: "/me", contains: "ann" },
      },
    ];
    const skip = [
      "sql",
      "command",
      "files",
      "template",
      "nosql",
      "xpath",
      "header-injection",
      "open-redirect",
      "missing-rate-limit",
      "user-enumeration",
    ];
    const { identities: signedIn, gaps } = await scanWith(server.origin, {
      identities,
      start: ["/", "/me"],
      skip,
    });
    expect([signedIn, gaps]).toEqual([1, []]);
    expect(session).toBeGreaterThan(1);
  });

  it("is inconclusive when nothing listens, and an error when the API's description is none", async () => {
    const gone = await serve(shop);
    await gone[Symbol.asyncDispose]();
    expect((await check(gone.origin)).verdict).toBe("inconclusive");
    await using server = await serve(shop);
    const report = await check(server.origin, { openapi: { path: "/" } });
    expect(report.verdict).toBe("error");
    expect(report.summary).toMatch(/OpenAPI|JSON nor YAML/);
  });

  it("is never a pass of a service that answers garbage, or hangs", async () => {
    await using garbage = await serve((request) => {
      request.socket.end("\u0000\u0001garbage\r\n\r\n");
    });
    expect((await check(garbage.origin)).verdict).toBe("inconclusive");
    await using slow = await serve(() => {});
    const limits = { requestsPerSecond: 5_000, timeoutMs: 100 };
    expect((await check(slow.origin, { limits })).verdict).toBe("inconclusive");
    expect(["error", "inconclusive"]).toContain((await check(slow.origin, {}, 300)).verdict);
  });

  it("lets nothing that a service says into its report as it is", async () => {
    const evil = "\u001b[2J\u202e<script>alert(1)</script>";
    await using server = await serve(
      service(({ path, query }) => {
        if (path === "/")
          return {
            html: `<a href="/${encodeURIComponent(evil)}?${encodeURIComponent(evil)}=1">x</a>`,
          };
        return { html: [...query.values()].join("") };
      }),
    );
    const report = await check(server.origin);
    const text = report.raw?.text ?? "";
    expect(text).toContain("xss-reflected");
    expect(/[^\P{Cc}\n]|\u202e/u.test(JSON.stringify(JSON.parse(text), null, 1))).toBe(false);
    expect(JSON.stringify(report.results)).not.toContain("\\u001b[2J");
  });
});
