import { describe, expect, it } from "vitest";
import { checkContext, serve } from "../../../test/support/check-context.ts";
import type { CheckReport } from "../../model/verdict.ts";
import type { CheckContext } from "../../ports/check.ts";
import { runCheck } from "../run.ts";
import { http } from "./index.ts";
import { HttpConfiguration } from "./schema.ts";

async function check(
  instances: readonly string[],
  configuration: Record<string, unknown>,
  change: Partial<CheckContext> = {},
): Promise<CheckReport> {
  const demand = { name: "web", with: configuration, timeout: 10_000 };
  return runCheck(http, checkContext({ instances, ...change }), demand);
}

function shop() {
  return serve((request, response) => {
    const path = request.url ?? "";
    if (path === "/moved") response.writeHead(302, { location: "/" }).end();
    else if (path === "/slow") setTimeout(() => response.end("late"), 300);
    else if (path === "/cut") {
      response.writeHead(200, { "content-length": "100" }).write("short");
      setTimeout(() => response.destroy(), 20);
    } else if (path === "/reset") request.socket.destroy();
    else if (path === "/nonsense") request.socket.end("this is no HTTP\r\n\r\n");
    else if (path === "/endless") {
      const timer = setInterval(() => response.write("x".repeat(65_536)), 1);
      response.on("close", () => clearInterval(timer));
    } else if (path === "/echo") {
      let body = "";
      request.on("data", (chunk) => (body += String(chunk)));
      request.on("end", () =>
        response.end(JSON.stringify({ method: request.method, headers: request.headers, body })),
      );
    } else if (path === "/") {
      response.setHeader("content-type", "application/json; charset=utf-8");
      response.end(JSON.stringify({ service: "shop", items: [{ price: 12 }], version: "1.4.2" }));
    } else response.writeHead(404).end("no such page");
  });
}

/** How it touches a service with requests of these methods. */
function touchOf(...methods: readonly (string | undefined)[]): string {
  const requests = methods.map((method) => ({ path: "/", ...(method && { method }) }));
  const touch = http.touch as (configuration: HttpConfiguration) => string;
  return touch(HttpConfiguration.parse({ requests }));
}

describe("the http check", () => {
  it("is passive as long as all of its requests only read", () => {
    expect(touchOf(undefined, "GET", "HEAD", "OPTIONS")).toBe("passive");
    expect(touchOf()).toBe("passive");
  });

  it.each(["POST", "PUT", "PATCH", "DELETE"])("is intrusive with one %s among them", (method) => {
    expect(touchOf("GET", method, "GET")).toBe("intrusive");
  });

  it("passes when every answer is as expected, and counts what it did", async () => {
    await using server = await shop();
    const report = await check([server.origin], {
      requests: [
        {
          path: "/",
          expect: {
            status: [200, 204],
            latencyMs: 5_000,
            headers: {
              "content-type": { matches: "^application/json" },
              "Content-Type": "application/json; charset=utf-8",
              "x-powered-by": { absent: true },
            },
            body: {
              contains: ["shop", "price"],
              lacks: "error",
              matches: '"version":"1\\.\\d+',
              json: { service: "shop", "items[0].price": 12, "items.length": 1 },
            },
          },
        },
        { path: "/gone", expect: { status: 404, body: { equals: "no such page" } } },
      ],
    });
    expect(report.results.filter((result) => result.verdict !== "pass")).toEqual([]);
    expect(report).toMatchObject({
      verdict: "pass",
      exercised: { requests: 2, assertions: 14, files: 0 },
    });
  });

  it.each([
    ["another status", { status: 201 }, "got 200, expected 201"],
    ["another header", { headers: { "content-type": "text/html" } }, 'expected "text/html"'],
    ["a missing header", { headers: { etag: { matches: "." } } }, "is missing"],
    ["a header that should not be there", { headers: { date: { absent: true } } }, "is there"],
    ["a text that is not there", { body: { contains: "basket" } }, 'lacks "basket"'],
    ["a text that should not be there", { body: { lacks: "shop" } }, 'contains "shop"'],
    ["another pattern", { body: { matches: "^<html" } }, "does not match /^<html/"],
    [
      "another JSON value",
      { body: { json: { version: "1.4.3" } } },
      'expected "\\"1.4.3\\""'.replaceAll("\\", ""),
    ],
    ["a missing JSON value", { body: { json: { "items[7]": 1 } } }, "is missing, expected"],
  ])("fails on %s and says what it saw", async (_name, expected, message) => {
    await using server = await shop();
    const report = await check([server.origin], { requests: [{ path: "/", expect: expected }] });
    expect(report.verdict).toBe("fail");
    expect(report.results[0]?.message).toContain(message);
    expect(report.summary).toContain("GET / on 127.0.0.1:");
  });

  it("fails when the answer is too slow", async () => {
    await using server = await shop();
    const report = await check([server.origin], {
      requests: [{ path: "/slow", expect: { latencyMs: 100 } }],
    });
    expect(report.verdict).toBe("fail");
    expect(report.results[0]?.message).toMatch(/took \d+ ms, at most 100 ms/);
  });

  it("does not follow redirects", async () => {
    await using server = await shop();
    const report = await check([server.origin], {
      requests: [{ path: "/moved", expect: { status: 302, headers: { location: "/" } } }],
    });
    expect(report.verdict).toBe("pass");
  });

  it("sends method, headers and JSON as they are written", async () => {
    await using server = await shop();
    const report = await check([server.origin], {
      requests: [
        {
          method: "POST",
          path: "/echo",
          headers: { "X-Test": "1" },
          json: { a: [1] },
          expect: {
            body: {
              json: {
                method: "POST",
                "headers.x-test": "1",
                "headers.content-type": "application/json",
                body: '{"a":[1]}',
              },
            },
          },
        },
      ],
    });
    expect(report.verdict).toBe("pass");
  });

  it.each([
    ["/reset", "reset without an answer"],
    ["/cut", "closed inside the answer"],
    ["/nonsense", "not valid HTTP"],
  ])("is error, not fail, when %s gives no whole answer", async (path, message) => {
    await using server = await shop();
    const report = await check([server.origin], { requests: [{ path }] });
    expect(report.verdict).toBe("error");
    expect(report.summary).toContain(message);
    expect(report.exercised.requests).toBe(0);
  });

  it("is error when nothing listens", async () => {
    const gone = await shop();
    await gone[Symbol.asyncDispose]();
    const report = await check([gone.origin], { requests: [{ path: "/" }] });
    expect(report.verdict).toBe("error");
    expect(report.summary).toContain("nothing listens there");
  });

  it("is error when an answer takes longer than one request may", async () => {
    await using server = await shop();
    const report = await check([server.origin], { timeoutMs: 50, requests: [{ path: "/slow" }] });
    expect(report.verdict).toBe("error");
    expect(report.summary).toContain("no whole answer within 50 ms");
  });

  it("shows a fail before an error", async () => {
    await using server = await shop();
    const report = await check([server.origin], {
      requests: [{ path: "/reset" }, { path: "/gone" }],
    });
    expect(report.verdict).toBe("fail");
    expect(report.summary).toContain("(and 1 more)");
  });

  it("asks every instance", async () => {
    await using one = await shop();
    await using two = await serve((_request, response) => response.writeHead(500).end());
    const report = await check([one.origin, two.origin], { requests: [{ path: "/" }] });
    expect(report.exercised.requests).toBe(2);
    expect(report.verdict).toBe("fail");
  });

  it("is inconclusive without an instance and without a request", async () => {
    await using server = await shop();
    expect((await check([], { requests: [{ path: "/" }] })).verdict).toBe("inconclusive");
    expect((await check([server.origin], { requests: [] })).verdict).toBe("inconclusive");
  });

  it("reads no more of an endless body than it may, and is partial where that matters", async () => {
    await using server = await shop();
    const endless = (body: object) =>
      check([server.origin], {
        maxBodyBytes: 100_000,
        requests: [{ path: "/endless", expect: { body } }],
      });
    expect((await endless({ contains: "xxx" })).verdict).toBe("pass");
    expect((await endless({ lacks: "error" })).verdict).toBe("partial");
    expect((await endless({ json: { a: 1 } })).verdict).toBe("partial");
    expect((await endless({ equals: "x".repeat(100_000) })).verdict).toBe("fail");
  });

  it("goes through the route with the tester's credential, which stays out of the report", async () => {
    await using server = await shop();
    const report = await check(
      [],
      {
        through: "route",
        requests: [
          {
            path: "/echo",
            expect: { body: { json: { "headers.x-tidelock-tester": "signed-credential" } } },
          },
          { path: "/echo", expect: { body: { equals: "" } } },
        ],
      },
      {
        route: server.origin,
        tester: { header: "x-tidelock-tester", value: "signed-credential" },
      },
    );
    expect(report.results.find((result) => result.name.includes("tester"))?.verdict).toBe("pass");
    expect(JSON.stringify(report)).not.toContain("signed-credential");
  });

  it("is error without a route to go through", async () => {
    const report = await check([], { through: "route", requests: [{ path: "/" }] });
    expect(report.verdict).toBe("error");
    expect(report.summary).toContain("there is no route");
  });

  it("is error on a pattern that never ends", async () => {
    await using server = await serve((_request, response) => response.end(`${"a".repeat(60)}!`));
    const report = await check([server.origin], {
      requests: [{ path: "/", expect: { body: { matches: "^(a+)+$" } } }],
    });
    expect(report.verdict).toBe("error");
    expect(report.summary).toContain("takes too long");
  });
});

describe("the http check's configuration", () => {
  it.each([
    ["a path that is none", { requests: [{ path: "healthz" }] }],
    ["a path with a line break", { requests: [{ path: "/a\r\nx: y" }] }],
    ["a header with a line break", { requests: [{ path: "/", headers: { a: "b\r\nc: d" } }] }],
    ["a header of the client", { requests: [{ path: "/", headers: { Host: "other" } }] }],
    ["a method that is none", { requests: [{ path: "/", method: "get" }] }],
    ["a pattern that is none", { requests: [{ path: "/", expect: { body: { matches: "(" } } }] }],
    [
      "a JSON path that is none",
      { requests: [{ path: "/", expect: { body: { json: { "a..b": 1 } } } }] },
    ],
    ["a status that is none", { requests: [{ path: "/", expect: { status: 20 } }] }],
  ])("refuses %s", (_name, configuration) => {
    expect(HttpConfiguration.safeParse(configuration).success).toBe(false);
  });
});
