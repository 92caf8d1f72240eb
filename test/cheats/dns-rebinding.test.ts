import { createServer } from "node:http";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FakeServer, startFakeServer } from "../fixtures/fake-server.ts";
import { isRoot, needsTool } from "../support/optional.ts";

const browserTool = needsTool("chromium");

/** What a page can try with a server that answers under its own name, by then. */
const attack = `async (token) => {
  const of = async (call) => {
    try { const answer = await call(); return answer.status; } catch { return "failed"; }
  };
  const headers = { authorization: "Bearer " + token, "content-type": "application/json", "x-tidelock": "1" };
  return {
    read: await of(() => fetch("/api/v1/status", { headers })),
    change: await of(() => fetch("/api/v1/down", { method: "POST", headers, body: "{}" })),
    stop: await of(() => fetch("/api/v1/server/stop", { method: "POST", headers, body: "{}" })),
    page: await of(() => fetch("/")),
    ledger: await of(() => fetch("/ledger/checkpoint")),
    forwarded: await of(() => fetch("/api/v1/status", { headers: { ...headers, "x-forwarded-host": "localhost" } })),
    stream: await new Promise((done) => {
      const source = new EventSource("/api/v1/events");
      source.onopen = () => done("open");
      source.onerror = () => done("failed");
    }),
  };
}`;

const index = { bytes: Buffer.from("<h1>ours</h1>"), type: "text/html", immutable: false };
const pages = new Map([["/index.html", index]]);

describe.skipIf(browserTool.missing)("DNS rebinding, in a real browser", () => {
  let browser: Browser;
  let server: FakeServer | undefined;

  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: browserTool.path,
      args: [
        "--host-resolver-rules=MAP evil.example 127.0.0.1",
        ...(isRoot ? ["--no-sandbox"] : []),
      ],
    });
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  it("gives a page whose name suddenly means this machine nothing, not even with a valid token", async () => {
    const evil = createServer((_request, response) => {
      response
        .writeHead(200, { "content-type": "text/html", connection: "close" })
        .end("<h1>hi</h1>");
    });
    await new Promise<void>((resolve) => evil.listen(0, "127.0.0.1", resolve));
    const address = evil.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const page = await browser.newPage();
    await page.goto(`http://evil.example:${port}/`);
    await new Promise((resolve) => {
      evil.close(resolve);
      evil.closeAllConnections();
    });
    // From here on the page's own name and port are ours.
    server = await startFakeServer({ files: pages }, port);
    const got = await page.evaluate(`(${attack})(${JSON.stringify(server.token)})`);
    expect(got).toEqual({
      read: 403,
      change: 403,
      stop: 403,
      page: 403,
      ledger: 403,
      forwarded: 403,
      stream: "failed",
    });
    expect([server.controlPlane.calls, server.stops]).toEqual([[], []]);
    // The same page under our own name, to see that the attack would do something.
    const own = await browser.newPage();
    await own.goto(`${server.url}/`);
    expect(await own.evaluate(`(${attack})(${JSON.stringify(server.token)})`)).toMatchObject({
      read: 200,
      change: 200,
      stop: 200,
    });
    expect(server.stops.length).toBeGreaterThan(0);
  }, 60_000);
});
