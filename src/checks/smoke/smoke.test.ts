import type { RequestListener } from "node:http";
import { describe, expect, it } from "vitest";
import { makeCertificate } from "../../../test/support/certificate.ts";
import { checkContext, serve, serveTls } from "../../../test/support/check-context.ts";
import { needsTool } from "../../../test/support/optional.ts";
import type { CheckReport, Verdict } from "../../model/verdict.ts";
import { runCheck } from "../run.ts";
import { exposedFiles, showsStack } from "../exposure.ts";
import { smoke } from "./index.ts";

async function check(origin: string, configuration: object = {}): Promise<CheckReport> {
  const demand = { name: "smoke", with: { ...configuration }, timeout: 20_000 };
  return runCheck(smoke, checkContext({ instances: [origin] }), demand);
}

/** Rules that were not kept, with what they cost. */
function broken(report: CheckReport): Record<string, Verdict> {
  const bad = report.results.filter((result) => result.verdict !== "pass");
  return Object.fromEntries(bad.map(({ name, verdict }) => [name.replace(/ on .*/, ""), verdict]));
}

const goodHeaders: Record<string, string> = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": "default-src 'self'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "strict-transport-security": "max-age=31536000; includeSubDomains",
  "set-cookie": "session=s3cret-value; Path=/; HttpOnly; Secure; SameSite=Lax",
  server: "shop",
};

/** A service that gets everything right, changed where a test says so. */
function service(
  headers: Record<string, string | null> = {},
  pages: Readonly<Record<string, RequestListener>> = {},
): RequestListener {
  return (request, response) => {
    for (const [name, value] of Object.entries({ ...goodHeaders, ...headers })) {
      if (value !== null) response.setHeader(name, value);
    }
    const page = pages[request.url ?? ""] ?? pages[`${request.method} ${request.url}`];
    if (page !== undefined) return page(request, response);
    if (request.method === "TRACE") response.writeHead(405).end();
    else if (request.url === "/") response.end("<h1>Shop</h1>");
    else response.writeHead(404).end("<h1>No such page</h1>");
  };
}

const answer =
  (body: string, status = 200): RequestListener =>
  (_request, response) => {
    response.writeHead(status).end(body);
  };

describe("the smoke pack", () => {
  it("passes a service that gets everything right", async () => {
    await using server = await serve(service());
    const report = await check(server.origin);
    expect(broken(report)).toEqual({});
    expect(report.verdict).toBe("pass");
    expect(report.results).toHaveLength(11);
    expect(report.exercised.requests).toBeGreaterThan(15);
  });

  it("does not mind a page that answers every address", async () => {
    await using server = await serve((_request, response) => {
      for (const [name, value] of Object.entries(goodHeaders)) response.setHeader(name, value);
      response.end("<html><body>single page</body></html>");
    });
    expect(broken(await check(server.origin))).toEqual({});
  });

  it("asks a service without pages for no page's headers", async () => {
    const json = { "content-type": "application/json", "content-security-policy": null };
    await using server = await serve(service(json));
    expect(broken(await check(server.origin))).toEqual({});
  });

  const headers: readonly [string, Record<string, string | null>, string][] = [
    ["no nosniff", { "x-content-type-options": null }, "content-type-options"],
    ["a wrong nosniff", { "x-content-type-options": "sniff" }, "content-type-options"],
    [
      "no content security policy",
      { "content-security-policy": null, "x-frame-options": "DENY" },
      "content-security-policy",
    ],
    ["nobody says who may frame", { "content-security-policy": "default-src 'self'" }, "framing"],
    ["no referrer policy", { "referrer-policy": null }, "referrer-policy"],
    ["a careless referrer policy", { "referrer-policy": "unsafe-url" }, "referrer-policy"],
    ["a version in Server", { server: "nginx/1.18.0" }, "version-leak"],
    ["X-Powered-By", { "x-powered-by": "Express" }, "version-leak"],
    ["a cookie for scripts", { "set-cookie": "a=b; SameSite=Lax" }, "cookies"],
    ["a cookie for other sites", { "set-cookie": "a=b; HttpOnly" }, "cookies"],
  ];
  it.each(headers)("warns of %s", async (_name, change, rule) => {
    await using server = await serve(service(change));
    const report = await check(server.origin);
    expect(broken(report)).toEqual({ [rule]: "warn" });
    expect(report.verdict).toBe("warn");
  });

  const pages: readonly [string, Record<string, RequestListener>, string][] = [
    ["a server error", { "/": answer("<h1>Sorry</h1>", 500) }, "reachable"],
    ["a served repository", { "/.git/HEAD": answer("ref: refs/heads/main\n") }, "exposed-files"],
    ["a served .env", { "/.env": answer("DB_PASSWORD=hunter2\n") }, "exposed-files"],
    [
      "a listing of a folder",
      { "/static/": answer("<title>Index of /static/</title>") },
      "directory-listing",
    ],
    [
      "an echoing TRACE",
      { "TRACE /": (request, response) => response.end(JSON.stringify(request.headers)) },
      "trace",
    ],
    [
      "a stack trace of JavaScript",
      {
        "/tidelock-smoke-not-there": answer(
          "Error: x\n    at handle (/srv/app/server.js:12:34)",
          500,
        ),
      },
      "error-page",
    ],
    [
      "a stack trace on a bad address",
      { "/%E0%A4%A": answer("URIError: malformed\n    at decode (node:internal/x:1:2)", 400) },
      "error-page",
    ],
    [
      "a stack trace of Python",
      { "/%E0%A4%A": answer("Traceback (most recent call last):\n  File", 500) },
      "error-page",
    ],
    [
      "a crash on a bad address",
      { "/%E0%A4%A": (request) => request.socket.resetAndDestroy() },
      "error-page",
    ],
  ];
  it.each(pages)("fails %s", async (_name, change, rule) => {
    await using server = await serve(service({}, change));
    const report = await check(server.origin);
    expect(broken(report)).toEqual({ [rule]: "fail" });
    expect(report.verdict).toBe("fail");
  });

  it("shows the name of a careless cookie, never its value", async () => {
    await using server = await serve(service({ "set-cookie": "session=s3cret-value" }));
    const report = await check(server.origin);
    expect(report.summary).toContain("session lacks HttpOnly, SameSite");
    expect(JSON.stringify(report)).not.toContain("s3cret-value");
  });

  it("weighs each rule as the configuration says", async () => {
    await using server = await serve(
      service({ "x-powered-by": "Express", "referrer-policy": null }),
    );
    const severity = { "version-leak": "fail", "referrer-policy": "off" };
    const report = await check(server.origin, { severity });
    expect(broken(report)).toEqual({ "version-leak": "fail" });
    expect(report.results.some((result) => result.name.startsWith("referrer-policy"))).toBe(false);
  });

  it("takes further addresses that must not be served", async () => {
    await using server = await serve(service({}, { "/admin": answer("welcome") }));
    expect(broken(await check(server.origin, { hidden: ["/admin", "/metrics"] }))).toEqual({
      "exposed-files": "fail",
    });
  });

  it("is error when nothing answers, and inconclusive when nothing is asked", async () => {
    const gone = await serve(service());
    await gone[Symbol.asyncDispose]();
    expect((await check(gone.origin)).verdict).toBe("error");
    const nobody = await runCheck(smoke, checkContext(), {
      name: "smoke",
      with: {},
      timeout: 1_000,
    });
    expect(nobody.verdict).toBe("inconclusive");
  });

  it("is error when the service dies half way", async () => {
    let left = 3;
    await using server = await serve((request, response) => {
      left -= 1;
      if (left < 0) request.socket.resetAndDestroy();
      else service()(request, response);
    });
    const report = await check(server.origin);
    expect(report.verdict).not.toBe("pass");
    expect(Object.values(broken(report))).toContain("error");
  });

  it("refuses a rule that there is not", async () => {
    const report = await check("http://127.0.0.1:1", { severity: { hsst: "off" } });
    expect(report.verdict).toBe("error");
    expect(report.summary).toContain("configuration does not fit");
  });
});

const openssl = needsTool("openssl");

describe.skipIf(openssl.missing)("the smoke pack over TLS", () => {
  const certificate = (days: number) => makeCertificate(openssl.path, days);

  it("passes a trusted certificate", async () => {
    const { certificate: cert, key } = certificate(90);
    await using server = await serveTls({ cert, key }, service());
    const report = await check(server.origin, { ca: cert });
    expect(broken(report)).toEqual({});
    expect(report.results.find(({ name }) => name.startsWith("tls"))?.message).toContain("TLSv1.3");
  });

  it("fails a certificate that nobody trusts", async () => {
    const { certificate: cert, key } = certificate(90);
    await using server = await serveTls({ cert, key }, service());
    const report = await check(server.origin);
    expect(broken(report)).toEqual({ tls: "fail" });
    expect(report.summary).toContain("not trusted");
  });

  it("fails a certificate that ends soon", async () => {
    const { certificate: cert, key } = certificate(3);
    await using server = await serveTls({ cert, key }, service());
    const report = await check(server.origin, { ca: cert });
    expect(broken(report)).toEqual({ tls: "fail" });
    expect(report.summary).toContain("ends in 2 days");
  });

  it("fails a server that takes TLS 1.1", async () => {
    const { certificate: cert, key } = certificate(90);
    const old = { minVersion: "TLSv1.1" as const, ciphers: "DEFAULT@SECLEVEL=0" };
    await using server = await serveTls({ cert, key, ...old }, service());
    expect(broken(await check(server.origin, { ca: cert }))).toEqual({ tls: "fail" });
  });

  it("warns without HSTS, of a short one, and of a cookie that goes over plain HTTP", async () => {
    const { certificate: cert, key } = certificate(90);
    const careless = {
      "strict-transport-security": null,
      "set-cookie": "a=b; HttpOnly; SameSite=Lax",
    };
    await using server = await serveTls({ cert, key }, service(careless));
    const report = await check(server.origin, { ca: cert });
    expect(broken(report)).toEqual({ hsts: "warn", cookies: "warn" });
    await using short = await serveTls(
      { cert, key },
      service({ "strict-transport-security": "max-age=60" }),
    );
    expect(broken(await check(short.origin, { ca: cert }))).toEqual({ hsts: "warn" });
  });
});

describe("the signs of exposure", () => {
  it.each(["\n", " ", "a", "A", "at ", "at x (", "<title>", "/", "registry ", "x:1", "at a ("])(
    "cost little on a hostile body of %j",
    (unit) => {
      const body = unit.repeat(Math.floor((256 * 1024) / unit.length));
      const started = performance.now();
      for (const { sign } of exposedFiles) sign.test(body);
      showsStack({
        body,
        status: 200,
        headers: {},
        cookies: [],
        truncated: false,
        latencyMs: 0,
        tls: null,
      });
      expect(performance.now() - started).toBeLessThan(3_000);
    },
  );
});
