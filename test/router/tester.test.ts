import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { mintScan, scanHeader } from "../../src/agent/router/scans.ts";
import { mint } from "../../src/agent/router/tester.ts";
import { RawBackend, RawClient } from "./support/raw.ts";
import { freePort, lane, RouterProcess } from "./support/router-process.ts";

/**
 * Attacks on the tester's credential (law 10): whoever has it reaches the idle colour and nothing else, no
 * backend ever gets it, and nothing but the one header is it. And the scans' marks, which give no right.
 */
const router = new RouterProcess();
const live = new RawBackend();
const idle = new RawBackend();
let port = 0;
let credential = "";
const header = "X-Tidelock-Tester";

beforeAll(async () => {
  port = await freePort();
  await live.listen();
  await idle.listen();
  await router.start([lane(`127.0.0.1:${port}`, { blue: [live.port], green: [idle.port] })]);
});
beforeEach(() => {
  live.forget();
  idle.forget();
  credential = mint(router.testerPrivateKey, "shop/production", 60_000).value;
});
afterAll(async () => {
  await router.end();
  await live.close();
  await idle.close();
});

interface Reached {
  readonly status: number;
  readonly live: number;
  readonly idle: number;
}

async function send(head: string, body = ""): Promise<Reached> {
  const client = new RawClient(port);
  client.send(`${head}Host: shop\r\nConnection: close\r\n\r\n${body}`);
  const text = await client.untilClosed();
  const status = Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]);
  return { status, live: live.requests.length, idle: idle.requests.length };
}

/** All that any backend got. */
const received = (): string =>
  [...live.connections, ...idle.connections].map((one) => one.received).join("");

test.each([
  ["in the query", () => `GET /?${header}=${credential} HTTP/1.1\r\n`],
  ["in a cookie", () => `GET / HTTP/1.1\r\nCookie: ${header}=${credential}\r\n`],
  ["as a bearer token", () => `GET / HTTP/1.1\r\nAuthorization: Bearer ${credential}\r\n`],
  ["in a header of almost that name", () => `GET / HTTP/1.1\r\n${header}s: ${credential}\r\n`],
  ["in the scan's header", () => `GET / HTTP/1.1\r\n${scanHeader}: ${credential}\r\n`],
])("%s a credential opens nothing", async (_name, head) => {
  expect(await send(head())).toEqual({ status: 200, live: 1, idle: 0 });
});

test.each([
  ["twice", () => `${header}: ${credential}\r\n${header}: ${credential}\r\n`],
  ["as a list", () => `${header}: ${credential}, ${credential}\r\n`],
  ["with something behind it", () => `${header}: ${credential}; q=1\r\n`],
  ["in quotes", () => `${header}: "${credential}"\r\n`],
  ["cut", () => `${header}: ${credential.slice(0, -1)}\r\n`],
  ["empty", () => `${header}:\r\n`],
  ["expired", () => `${header}: ${mint(router.testerPrivateKey, "shop/production", -1).value}\r\n`],
  [
    "of another lane",
    () => `${header}: ${mint(router.testerPrivateKey, "shop/staging", 60_000).value}\r\n`,
  ],
  [
    "that is a scan's mark",
    () => `${header}: ${mintScan(router.testerPrivateKey, "shop/production", 60_000).value}\r\n`,
  ],
])("a credential %s is refused and reaches no colour", async (_name, fields) => {
  const reached = await send(`GET / HTTP/1.1\r\n${fields()}`);
  expect(reached).toEqual({ status: 403, live: 0, idle: 0 });
});

test.each([
  ["a space before the colon", () => `${header} : ${credential}\r\n`],
  ["a line folded into two", () => `${header}:\r\n ${credential}\r\n`],
  ["a bare line feed", () => `X: y\n${header}: ${credential}\r\n`],
])("%s is no header, and the request is refused", async (_name, fields) => {
  const reached = await send(`GET / HTTP/1.1\r\n${fields()}`);
  expect(reached).toEqual({ status: 400, live: 0, idle: 0 });
});

test("spelt with underscores beside the right one it is dropped, and the right one counts", async () => {
  const fields = `${header}: ${credential}\r\nx_tidelock_tester: ${credential}\r\n`;
  expect(await send(`GET / HTTP/1.1\r\n${fields}`)).toEqual({ status: 200, live: 0, idle: 1 });
  expect(received()).not.toContain(credential);
});

test("naming it in Connection takes neither its effect nor brings it to a backend", async () => {
  const reached = await send(
    `GET / HTTP/1.1\r\nConnection: ${header}\r\n${header}: ${credential}\r\n`,
  );
  expect(reached.live).toBe(0);
  expect(received()).not.toContain(credential);
});

test("as a trailer it neither opens anything nor reaches a backend", async () => {
  const trailer = `0\r\n${header}: ${credential}\r\n${scanHeader}: x\r\n\r\n`;
  const head = `POST / HTTP/1.1\r\nTrailer: ${header}\r\nTransfer-Encoding: chunked\r\n`;
  const reached = await send(head, `2\r\nhi\r\n${trailer}`);
  expect(reached.idle).toBe(0);
  expect(received()).not.toContain(credential);
  expect(received()).not.toContain("tidelock-scan");
});

test("a WebSocket handshake with it goes to the idle colour, without it", async () => {
  const client = new RawClient(port);
  client.send(
    `GET /socket HTTP/1.1\r\nHost: shop\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n${header}: ${credential}\r\n\r\n`,
  );
  await expect.poll(() => idle.requests.length).toBe(1);
  expect(live.requests).toEqual([]);
  expect(received()).not.toContain(credential);
  expect(received().toLowerCase()).toContain("upgrade: websocket");
  client.end();
});

test("it counts for its own request only, not for the next one on the connection", async () => {
  const client = new RawClient(port);
  client.send(
    `GET /tested HTTP/1.1\r\nHost: shop\r\n${header}: ${credential}\r\n\r\n` +
      `GET /mine HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n`,
  );
  await client.untilClosed();
  expect(idle.requests.map((request) => request.split(" ")[1])).toEqual(["/tested"]);
  expect(live.requests.map((request) => request.split(" ")[1])).toEqual(["/mine"]);
});

test("a scan's mark travels on, gives no right, and is counted where it arrives", async () => {
  const mark = mintScan(router.testerPrivateKey, "shop/production", 60_000);
  const marked = `GET / HTTP/1.1\r\n${scanHeader}: ${mark.value}\r\n`;
  expect(await send(marked)).toEqual({ status: 200, live: 1, idle: 0 });
  expect(received()).toContain(mark.value);
  expect(await send(`${marked}${header}: ${credential}\r\n`)).toMatchObject({ idle: 1 });
  // As proxies write it that know only CGI's names, and beside another one's.
  await send(`GET / HTTP/1.1\r\nX_TIDELOCK_SCAN: ${mark.value}\r\n`);
  await send(`GET / HTTP/1.1\r\n${scanHeader}: other\r\n${scanHeader}: ${mark.value}\r\n`);
  const { scans } = await router.lane("shop/production");
  expect(scans?.[mark.scan]).toEqual({
    blue: { tester: 0, other: 3 },
    green: { tester: 1, other: 0 },
  });
});

test("marks that nobody signed leave no trace in the counters", async () => {
  const before = Object.keys((await router.lane("shop/production")).scans ?? {}).length;
  for (let turn = 0; turn < 20; turn += 1) {
    await send(`GET / HTTP/1.1\r\n${scanHeader}: ${"x".repeat(turn * 40)}.${"y".repeat(86)}\r\n`);
  }
  expect(Object.keys((await router.lane("shop/production")).scans ?? {})).toHaveLength(before);
});
