import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { describe, expect, it } from "vitest";
import { checkContext, serve } from "../../../test/support/check-context.ts";
import { treeOf } from "../../../test/support/tree-context.ts";
import type { CheckContext } from "../../ports/check.ts";
import { runCheck } from "../run.ts";
import { regression } from "./index.ts";
import { RegressionConfiguration } from "./schema.ts";

type Page = (request: IncomingMessage, response: ServerResponse) => void;

const json =
  (data: unknown, headers: Record<string, string> = {}): Page =>
  (_, response) =>
    response
      .writeHead(200, { "content-type": "application/json", ...headers })
      .end(JSON.stringify(data));
const html =
  (text: string, headers: Record<string, string | string[]> = {}): Page =>
  (_, response) =>
    response.writeHead(200, { "content-type": "text/html", ...headers }).end(text);
const status =
  (code: number, headers: Record<string, string> = {}): Page =>
  (_, response) =>
    response.writeHead(code, headers).end("no");

/** A service out of pages; what it was asked is kept. */
function service(
  pages: Readonly<Record<string, Page>>,
  seen: IncomingMessage[] = [],
): RequestListener {
  return (request, response) => {
    seen.push(request);
    (pages[request.url ?? ""] ?? status(404))(request, response);
  };
}

interface Given {
  readonly live: Readonly<Record<string, Page>> | null;
  readonly tested: Readonly<Record<string, Page>>;
  readonly with?: Record<string, unknown>;
  readonly context?: Partial<CheckContext>;
  readonly seen?: { live: IncomingMessage[]; tested: IncomingMessage[] };
}

async function run(given: Given) {
  await using tested = await serve(service(given.tested, given.seen?.tested));
  await using live = await serve(service(given.live ?? {}, given.seen?.live));
  const context = checkContext({
    instances: [tested.origin],
    route: live.origin,
    scan: { header: "x-tidelock-scan", value: "the-mark" },
    live: given.live && {
      release: `sha256:${"e".repeat(64)}`,
      releaseName: "shop@1.0.0",
      tree: `sha256:${"f".repeat(64)}`,
      colour: "blue",
      answers: true,
      readTree: () => (async function* () {})(),
    },
    ...given.context,
  });
  const settings = { through: "instances", livePerSecond: 50, timeoutMs: 1_000, ...given.with };
  // Awaited here: the servers end with this scope.
  return await runCheck(regression, context, {
    name: "regression",
    with: settings,
    timeout: 20_000,
  });
}

/** One page on both sides. */
async function pair(live: Page, tested: Page, settings: Record<string, unknown> = {}) {
  return run({ live: { "/": live }, tested: { "/": tested }, with: settings });
}

function touchOf(settings: unknown): string {
  const touch = regression.touch as (configuration: RegressionConfiguration) => string;
  return touch(RegressionConfiguration.parse(settings));
}

describe("the regression check", () => {
  it("passes when both colours answer alike, and counts what it asked", async () => {
    const pages = { "/": html(`<a href="/two">2</a>`), "/two": json({ a: 1 }) };
    const report = await run({ live: pages, tested: pages });
    expect(report).toMatchObject({
      verdict: "pass",
      exercised: { requests: 6, assertions: 2, routes: 2 },
    });
  });

  it.each<[string, Page, Page, string, string]>([
    [
      "a security header is lost",
      html("a", { "content-security-policy": "default-src 'self'" }),
      html("a"),
      "fail",
      "security-header-lost",
    ],
    [
      "a policy allows more",
      html("a", { "content-security-policy": "default-src 'self'" }),
      html("a", { "content-security-policy": "default-src 'self' 'unsafe-inline'" }),
      "fail",
      "security-header-weaker",
    ],
    [
      "HSTS lasts less long",
      html("a", { "strict-transport-security": "max-age=31536000" }),
      html("a", { "strict-transport-security": "max-age=60" }),
      "fail",
      "security-header-weaker",
    ],
    ["an error takes the place of an answer", html("a"), status(500), "fail", "status-worse"],
    ["what was refused is answered", status(403), html("secret"), "fail", "access-opened"],
    [
      "a cookie loses HttpOnly",
      html("a", { "set-cookie": ["sid=1; HttpOnly; SameSite=Lax"] }),
      html("a", { "set-cookie": ["sid=2; SameSite=Lax"] }),
      "fail",
      "cookie-weaker",
    ],
    [
      "caches may keep it",
      html("a", { "cache-control": "no-store" }),
      html("a", { "cache-control": "public" }),
      "fail",
      "caching-opened",
    ],
    [
      "other sites may read it",
      json({ a: 1 }),
      json({ a: 1 }, { "access-control-allow-origin": "*" }),
      "fail",
      "cors-opened",
    ],
    ["it is another type", json({ a: 1 }), html("{}"), "fail", "content-type"],
    [
      "a field is gone",
      json({ a: 1, b: { c: 2 } }),
      json({ a: 1, b: {} }),
      "fail",
      "field-gone: $.b.c",
    ],
    [
      "a field of a list's items is gone",
      json({ items: [{ id: 1, price: 2 }] }),
      json({ items: [{ id: 1 }] }),
      "fail",
      "field-gone: $.items[].price",
    ],
    ["a field is of another type", json({ a: 1 }), json({ a: "1" }), "fail", "field-type: $.a"],
    [
      "a field that is not for everybody is new",
      json({ a: 1 }),
      json({ a: 1, passwordHash: "x" }),
      "warn",
      "sensitive-field-added",
    ],
    ["a value is another one", json({ a: 1 }), json({ a: 2 }), "warn", "value: $.a"],
    ["a text is another one", html("<p>one</p>"), html("<p>two</p>"), "warn", "text"],
    [
      "it redirects elsewhere",
      status(302, { location: "/a" }),
      status(302, { location: "https://evil.example/a" }),
      "fail",
      "redirect-elsewhere",
    ],
    [
      "JSON is broken",
      json({ a: 1 }),
      (_, response) => response.writeHead(200, { "content-type": "application/json" }).end("{"),
      "fail",
      "json-broken",
    ],
  ])("notices that %s", async (_, live, tested, verdict, what) => {
    const ok = json({ fine: true });
    const report = await run({
      live: { "/": live, "/ok": ok },
      tested: { "/": tested, "/ok": ok },
      with: { requests: [{ path: "/" }, { path: "/ok" }], crawl: 0 },
    });
    expect(report.verdict).toBe(verdict);
    expect(report.results[0]?.message).toContain(what);
  });

  it("lets what is new, and a list that is empty on one side, pass", async () => {
    const live = json({ a: 1, items: [{ id: 1 }], other: null });
    const tested = json({ a: 1, items: [], other: "text", more: 2 });
    expect(await pair(live, tested)).toMatchObject({ verdict: "pass" });
    expect(await pair(live, tested, { severity: { "field-added": "warn" } })).toMatchObject({
      verdict: "warn",
    });
  });

  it("measures what differs from one answer of the live colour to the next, masks that, and says so", async () => {
    let count = 0;
    const clock =
      (rest: object): Page =>
      (request, response) => {
        count += 1;
        json({ at: count, [`k${count}`]: 1, ...rest })(request, response);
      };
    const same = await pair(clock({ name: "shop" }), clock({ name: "shop" }));
    // The made-up keys are noise by their own names only, so what the tested one has there is just new.
    expect(same.verdict).toBe("pass");
    expect(same.results.map(({ message }) => message).join()).toContain("$.at");
    const page =
      (rest: string): Page =>
      (request, response) => {
        count += 1;
        html(`<p class="${count}">${rest}</p>`)(request, response);
      };
    expect((await pair(page("one two"), page("one two"))).verdict).toBe("pass");
    expect((await pair(page("one two"), page("one three"))).verdict).toBe("warn");
  });

  it("stops a release only for what it has seen twice", async () => {
    let count = 0;
    const flaky: Page = (request, response) => {
      count += 1;
      (count === 1 ? status(500) : html("a"))(request, response);
    };
    const report = await pair(html("a"), flaky);
    expect(report.verdict).toBe("warn");
    expect(report.summary).toContain("the second time it did not");
  });

  it("takes a redirect to the own address for the same, wherever each side was asked", async () => {
    const own: Page = (request, response) =>
      response.writeHead(302, { location: `http://${request.headers.host}/in` }).end();
    const pages = { "/": own, "/in": html("a") };
    const requests = [{ path: "/" }, { path: "/in" }];
    expect(await run({ live: pages, tested: pages, with: { requests } })).toMatchObject({
      verdict: "pass",
    });
  });

  it("lets pass what is ignored, masked, switched off or accepted with its reason", async () => {
    const [live, tested] = [json({ a: { b: 1 }, c: 1 }), json({ a: { b: "1" } })];
    expect((await pair(live, tested, { ignore: ["a.*", "$.c"] })).verdict).toBe("pass");
    const accept = [
      { class: "field-gone", request: "GET /", place: "$.c", reason: "nobody reads it" },
      { class: "field-type", reason: "agreed with the app" },
    ];
    const report = await pair(live, tested, { accept });
    expect(report.verdict).toBe("pass");
    expect(report.results.map(({ message }) => message).join()).toContain("nobody reads it");
    expect((await pair(live, tested, { accept: accept.slice(1) })).verdict).toBe("fail");
    const texts = [html("build 12 a"), html("build 13 a")] as const;
    expect((await pair(...texts, { masks: ["build \\d+"] })).verdict).toBe("pass");
    expect((await pair(...texts, { severity: { text: "off" } })).verdict).toBe("pass");
  });

  it("asks the live colour only for what reads, without the scan's mark, and the tested one for writes", async () => {
    const seen = { live: [] as IncomingMessage[], tested: [] as IncomingMessage[] };
    const pages = { "/": html("a"), "/orders": json({ ok: true }) };
    const requests = [{ path: "/" }, { method: "POST", path: "/orders", json: { a: 1 } }];
    const report = await run({
      live: pages,
      tested: pages,
      seen,
      with: { requests, writes: true },
    });
    expect(report.verdict).toBe("pass");
    expect(new Set(seen.live.map(({ method }) => method))).toEqual(new Set(["GET"]));
    expect(seen.live.every(({ headers }) => headers["x-tidelock-scan"] === undefined)).toBe(true);
    expect(seen.tested.map(({ method }) => method)).toEqual(["GET", "POST"]);
    expect(seen.tested.every(({ headers }) => headers["x-tidelock-scan"] === "the-mark")).toBe(
      true,
    );
  });

  it("is intrusive only when the pipeline says that it writes", () => {
    expect(touchOf({})).toBe("passive");
    expect(touchOf({ writes: true, requests: [{ method: "DELETE", path: "/" }] })).toBe(
      "intrusive",
    );
    expect(() => touchOf({ requests: [{ method: "DELETE", path: "/" }] })).toThrow(/writes: true/);
  });

  it("does not follow links that sign out or delete, nor leaves the site", async () => {
    const seen = { live: [] as IncomingMessage[], tested: [] as IncomingMessage[] };
    const links = [
      "/logout",
      "/items/1/delete",
      "https://elsewhere.example/",
      "//other/",
      "/fine",
      "/left/out",
    ];
    const pages = {
      "/": html(links.map((one) => `<a href="${one}">x</a>`).join("")),
      "/fine": html("a"),
    };
    await run({ live: pages, tested: pages, seen, with: { avoid: ["/left"] } });
    expect(new Set(seen.live.map(({ url }) => url))).toEqual(new Set(["/", "/fine"]));
  });

  it("only warns of a page that the crawl found and that is not there: its data may be the live side's", async () => {
    const live = { "/": html(`<a href="/items/7">7</a>`), "/items/7": html("seven") };
    const tested = { "/": live["/"] };
    expect(await run({ live, tested })).toMatchObject({ verdict: "warn" });
    expect(await run({ live, tested, with: { requests: [{ path: "/items/7" }] } })).toMatchObject({
      verdict: "fail",
    });
  });

  it("takes requests from a file of the release, which cannot make it write", async () => {
    const pages = { "/api": json({ a: 1 }) };
    const suite = async (text: string, settings = {}) =>
      run({
        live: pages,
        tested: pages,
        with: { suite: "test/replay.yaml", crawl: 0, ...settings },
        context: await treeOf({ "test/replay.yaml": text }),
      });
    expect(await suite("requests: [{ path: /api }]")).toMatchObject({ verdict: "pass" });
    expect((await suite("requests: [{ path: /api, method: DELETE }]")).summary).toContain(
      "writes: true",
    );
    for (const bad of ["", "{", "requests: []", "&a [*a]", "\u0000\u0001", "x".repeat(2_000_000)]) {
      expect((await suite(bad)).verdict).toBe("error");
    }
    expect((await suite("requests: []", { suite: "none.yaml" })).summary).toContain("no such file");
  });

  it("warns, or does as it is told, while no release is live to compare with", async () => {
    const tested = { "/": html("a") };
    expect(await run({ live: null, tested })).toMatchObject({ verdict: "warn" });
    expect((await run({ live: null, tested })).summary).toContain("nothing to compare with");
    for (const verdict of ["pass", "inconclusive"]) {
      expect(await run({ live: null, tested, with: { withoutLive: verdict } })).toMatchObject({
        verdict,
      });
    }
    expect(await run({ live: null, tested: {} })).toMatchObject({ verdict: "inconclusive" });
  });

  it.each<[string, Readonly<Record<string, Page>>]>([
    ["nothing but 404", {}],
    ["a page to sign in only", { "/": html(`<form><input type="password"></form>`) }],
    ["refusals only", { "/": status(401) }],
    ["redirects only", { "/": status(302, { location: "/login" }) }],
  ])("is inconclusive over %s", async (_, pages) => {
    expect(await run({ live: pages, tested: pages })).toMatchObject({ verdict: "inconclusive" });
  });

  it("is inconclusive when the live colour does not answer, and fails when only the tested one does not", async () => {
    const hang: Page = () => undefined;
    const garbage: Page = (request) => request.socket.end("this is no HTTP\r\n\r\n");
    const report = await pair(hang, html("a"), { timeoutMs: 200 });
    expect(report).toMatchObject({ verdict: "inconclusive" });
    for (const bad of [hang, garbage]) {
      const broken = await pair(html("a"), bad, { timeoutMs: 200 });
      expect(broken).toMatchObject({ verdict: "fail" });
      expect(broken.summary).toContain("no-answer");
    }
  });

  it("reads no more of a body than it may, and says so", async () => {
    const endless: Page = (_, response) => {
      response.writeHead(200, { "content-type": "text/plain" });
      const timer = setInterval(() => response.write("x".repeat(65_536)), 1);
      response.on("close", () => clearInterval(timer));
    };
    const settings = { requests: [{ path: "/" }], crawl: 0, maxBodyBytes: 1_000 };
    expect(await pair(endless, endless, settings)).toMatchObject({ verdict: "partial" });
  });

  it("shows no value of a body, a cookie or a query in its report", async () => {
    const live = html("<p>alice@example.org</p>", { "set-cookie": ["sid=very-secret"] });
    const tested = html("<p>bob@example.org</p>", { "set-cookie": ["other=hidden-one"] });
    const text = JSON.stringify([
      await pair(live, tested),
      await pair(
        status(302, { location: "/a?token=sesame" }),
        status(302, { location: "/b?token=sesame" }),
      ),
      await pair(json({ mail: "alice@example.org" }), json({ mail: "bob@example.org" })),
    ]);
    expect(text).not.toMatch(/alice|bob|very-secret|hidden-one|sesame/);
  });

  it("is an error where nothing is deployed beside what is live", async () => {
    const page = { "/": html("a") };
    expect(await run({ live: page, tested: page, context: { slot: null } })).toMatchObject({
      verdict: "error",
    });
    const slot = { service: "shop", environment: "production", colour: "blue" } as const;
    expect(await run({ live: page, tested: page, context: { slot } })).toMatchObject({
      verdict: "error",
    });
  });
});
