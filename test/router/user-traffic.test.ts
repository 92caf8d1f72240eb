import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { mint, testerHeader } from "../../src/agent/router/tester.ts";
import type { RouterTraffic } from "../../src/agent/router-control.ts";
import { latencyQuantile, type UserTraffic } from "../../src/model/traffic.ts";
import { freePort, lane, RouterProcess } from "./support/router-process.ts";

/** What users got, as the router counts it. */
const router = new RouterProcess();
const services: Server[] = [];
/** The client of `/left` goes when its request has arrived. */
const arrived = Promise.withResolvers<void>();
let port = 0;
let blue = 0;
let green = 0;

async function service(): Promise<number> {
  const server = createServer((request, response) => {
    if (request.url === "/left") arrived.resolve();
    else if (request.url === "/slow") setTimeout(() => response.end("late"), 120);
    else if (request.url === "/broken") response.writeHead(500).end("no");
    else if (request.url === "/missing") response.writeHead(404).end("none");
    else if (request.url === "/cut") {
      response.writeHead(200, { "content-length": "100" }).write("half");
      setTimeout(() => response.destroy(), 20);
    } else response.end("yes");
  });
  services.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

beforeAll(async () => {
  [port, blue, green] = await Promise.all([freePort(), service(), service()]);
  await router.start([lane(`127.0.0.1:${port}`, { blue: [blue], green: [green] })]);
});
afterAll(async () => {
  await router.end();
  for (const server of services) server.close();
});

async function counted(): Promise<{ blue: UserTraffic; green: UserTraffic }> {
  const { lanes } = (await router.control({ method: "traffic" })) as RouterTraffic;
  const colours = lanes[0]?.colours;
  if (!colours) throw new Error("nothing is counted");
  return colours;
}

const ask = (path: string, headers: Record<string, string> = {}) =>
  fetch(`http://127.0.0.1:${port}${path}`, { headers }).then((answer) => answer.text());

test("counts answers, failures and times of users by colour, and no tester's request", async () => {
  for (let i = 0; i < 20; i++) await ask("/");
  await ask("/missing");
  await ask("/slow");
  await ask("/broken");
  await expect(ask("/cut")).rejects.toThrow();
  const credential = mint(router.testerPrivateKey, "shop/production", 60_000).value;
  await ask("/broken", { [testerHeader]: credential });
  const seen = await counted();
  expect(seen.blue).toMatchObject({ releaseName: "shop@1", requests: 24, failed: 2, abandoned: 0 });
  expect(seen.green).toMatchObject({ releaseName: "shop@2", requests: 0, failed: 0 });
  expect(latencyQuantile(seen.blue.latency, 1)).toBeGreaterThan(115);
  expect(latencyQuantile(seen.blue.latency, 0.5)).toBeLessThan(115);
});

test("counts as failed what the router had to answer for want of an instance", async () => {
  const before = (await counted()).blue;
  await router.load([lane(`127.0.0.1:${port}`, { blue: [await freePort()], green: [green] })]);
  await ask("/");
  await router.load([lane(`127.0.0.1:${port}`, { blue: [], green: [green] })]);
  await ask("/");
  const after = (await counted()).blue;
  expect(after.failed - before.failed).toBe(2);
  expect(after.since).toBe(before.since);
});

test("counts a client that left as neither answered nor failed", async () => {
  await router.load([lane(`127.0.0.1:${port}`, { blue: [blue], green: [green] })]);
  const before = (await counted()).blue;
  const client = connect(port, "127.0.0.1");
  client.write("GET /left HTTP/1.1\r\nHost: shop\r\n\r\n");
  await arrived.promise;
  client.resetAndDestroy();
  await expect.poll(async () => (await counted()).blue.abandoned).toBe(before.abandoned + 1);
  expect((await counted()).blue.failed).toBe(before.failed);
});

test("begins anew with another release, and not with the other colour's", async () => {
  const names = { blue: "shop@1", green: "shop@3" };
  const before = await counted();
  await router.load([lane(`127.0.0.1:${port}`, { blue: [blue], green: [green], names })]);
  const after = await counted();
  expect(after.blue).toEqual(before.blue);
  expect(after.green).toMatchObject({ releaseName: "shop@3", requests: 0 });
  expect(after.green.since).toBeGreaterThanOrEqual(before.green.since);
});
