import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { expect, it, onTestFinished } from "vitest";
import { Load, type LoadReport } from "../../scripts/demo/load.ts";

/** Loads a server for a while; the last word on it. */
async function load(answer: RequestListener, perSecond = 400, ms = 500): Promise<LoadReport> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const client = new Load(`http://127.0.0.1:${port}`);
  client.start(perSecond);
  await pause(ms);
  await client.stop();
  await client.settle();
  return client.report();
}

/** A shop that keeps count of the POSTs of each cart; `times` is how often each is carried out. */
function shop(times: number): RequestListener {
  const carts = new Map<string, number>();
  return (request, response) => {
    const cart = request.headers.cookie ?? "";
    if (request.method === "POST") carts.set(cart, (carts.get(cart) ?? 0) + times);
    response.end(JSON.stringify({ version: "1.0.0", requests: carts.get(cart) ?? 0 }));
  };
}

it("keeps its schedule and counts whole answers by version", async () => {
  const report = await load(shop(1));
  expect(report.failed, report.failures.join()).toBe(0);
  expect(report.sent).toBeGreaterThan(150);
  expect(report.versions["1.0.0"]).toBe(Math.ceil(report.sent / 4));
});

it("counts a POST that was carried out twice as failed", async () => {
  const report = await load(shop(2));
  expect(report.failed).toBeGreaterThan(0);
  expect(report.failures[0]).toMatch(/POSTs acknowledged/);
});

it("counts cut-off answers, error statuses and refused connections as failed", async () => {
  const cut = await load((_, response) => {
    response.writeHead(200, { "content-length": 1000 });
    response.write("half");
    setImmediate(() => response.destroy());
  });
  expect(cut.failed).toBe(cut.sent);
  const errors = await load((_, response) => response.writeHead(503).end());
  expect(errors.failed).toBe(errors.sent);
  expect(errors.failures[0]).toMatch(/status 503/);
});

it("goes on sending while nothing is answered: a stall is many late requests, not one", async () => {
  const begun = performance.now();
  const report = await load((_, response) => {
    const left = Math.max(0, 400 - (performance.now() - begun));
    setTimeout(() => response.end(JSON.stringify({ version: "1", requests: 0 })), left);
  });
  expect(report.sent).toBeGreaterThan(150);
  expect(report.latency.p99).toBeGreaterThan(200);
});
