import { afterAll, beforeAll, expect, test } from "vitest";
import { mint } from "../../src/agent/router/tester.ts";
import { RawBackend, RawClient } from "./support/raw.ts";
import { freePort, lane, RouterProcess } from "./support/router-process.ts";
import type { RouteSpec } from "../../src/ports/host-agent.ts";

const router = new RouterProcess();
const backends = {
  blue: [new RawBackend(), new RawBackend()],
  green: [new RawBackend()],
};
let port = 0;
let listen = "";

beforeAll(async () => {
  port = await freePort();
  listen = `127.0.0.1:${port}`;
  for (const backend of [...backends.blue, ...backends.green]) await backend.listen();
  await router.start([]);
});
afterAll(async () => {
  await router.end();
  for (const backend of [...backends.blue, ...backends.green]) await backend.close();
});

async function load(route: Partial<RouteSpec>): Promise<void> {
  for (const backend of [...backends.blue, ...backends.green]) backend.forget();
  const ports = (list: RawBackend[]): number[] => list.map((backend) => backend.port);
  await router.load([
    lane(listen, { blue: ports(backends.blue), green: ports(backends.green), route }),
  ]);
}

async function ask(fields = ""): Promise<string> {
  const client = new RawClient(port);
  client.send(`GET / HTTP/1.1\r\nHost: shop\r\n${fields}Connection: close\r\n\r\n`);
  return await client.untilClosed();
}

const served = (list: RawBackend[]): number[] => list.map((backend) => backend.requests.length);

test("weights are met exactly, evenly spread", async () => {
  await load({ weights: { blue: 90, green: 10 } });
  for (let i = 0; i < 10; i++) await ask();
  expect(served(backends.green)).toEqual([1]);
  for (let i = 0; i < 190; i++) await ask();
  expect(served(backends.green)).toEqual([20]);
});

test("the instances of a colour share its requests", async () => {
  await load({ weights: { blue: 100, green: 0 } });
  for (let i = 0; i < 20; i++) await ask();
  expect(served(backends.blue)).toEqual([10, 10]);
});

test("a busy instance is spared", async () => {
  await load({ weights: { blue: 100, green: 0 } });
  const [first] = backends.blue;
  const usual = first?.onBytes;
  if (!first || !usual) throw new Error("no backend");
  first.onBytes = () => undefined;
  const stuck = [new RawClient(port), new RawClient(port)];
  for (const client of stuck) client.send("GET /stuck HTTP/1.1\r\nHost: shop\r\n\r\n");
  await new Promise((resolve) => setTimeout(resolve, 100));
  for (let i = 0; i < 10; i++) expect(await ask()).toMatch(/ok$/);
  first.onBytes = usual;
  for (const client of stuck) client.end();
});

test("two weights of 0 answer 503 with a reason", async () => {
  await load({ weights: { blue: 0, green: 0 } });
  const text = await ask();
  expect(text).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n/);
  expect(text).toMatch(/retry-after: 1\r\n/);
  expect(text).toMatch(/no release is live/);
});

test("while both colours carry traffic there is no idle colour for a tester", async () => {
  await load({ weights: { blue: 90, green: 10 } });
  const { header, value } = mint(router.testerPrivateKey, "shop/production", 60_000);
  expect(await ask(`${header}: ${value}\r\n`)).toMatch(
    /^HTTP\/1\.1 503 [^]*there is no idle colour now/,
  );
  await load({ weights: { blue: 0, green: 100 } });
  expect(await ask(`${header}: ${value}\r\n`)).toMatch(/ok$/);
  expect(served(backends.green)).toEqual([0]);
});

test("a tester's requests are no part of a switch's times", async () => {
  await load({ weights: { blue: 100, green: 0 } });
  await load({ weights: { blue: 0, green: 100 } });
  const { header, value } = mint(router.testerPrivateKey, "shop/production", 60_000);
  await ask(`${header}: ${value}\r\n`);
  const change = (await router.lane("shop/production")).lastSwitch;
  expect(change?.firstNew).toBeNull();
  expect(change?.lastOld ?? 0).toBeLessThan(change?.at ?? 0);
});

test("what a trusted proxy says of the client is believed and continued", async () => {
  await load({ weights: { blue: 0, green: 100 }, trustedProxies: ["127.0.0.0/8"] });
  await ask(
    "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: www.example\r\nForwarded: for=192.0.2.7\r\nX-Request-Id: abc-1\r\n",
  );
  const request = backends.green[0]?.requests[0] ?? "";
  expect(request).toMatch(/\r\nx-forwarded-for: 192\.0\.2\.7, 127\.0\.0\.1\r\n/);
  expect(request).toMatch(/\r\nX-Forwarded-Proto: https\r\n/);
  expect(request).not.toMatch(/\r\nx-forwarded-proto: http\r\n/);
  expect(request).toMatch(/\r\nX-Forwarded-Host: www\.example\r\n/);
  expect(request).toMatch(
    /\r\nforwarded: for=192\.0\.2\.7, for=127\.0\.0\.1;host="shop";proto=http\r\n/,
  );
  expect(request).toMatch(/\r\nx-request-id: abc-1\r\n/);
});

test("read counts what each colour did", async () => {
  await load({ weights: { blue: 0, green: 100 } });
  const before = (await router.lane("shop/production")).colours;
  for (let i = 0; i < 3; i++) await ask();
  const after = (await router.lane("shop/production")).colours;
  expect((after.green?.requests ?? 0) - (before.green?.requests ?? 0)).toBe(3);
  expect(after.blue?.requests).toBe(before.blue?.requests);
  expect(after.green).toMatchObject({ inFlight: 0, failed: 0, backends: 1, releaseName: "shop@2" });
});
