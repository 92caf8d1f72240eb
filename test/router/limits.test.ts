import { generateKeyPairSync } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { mint } from "../../src/agent/router/tester.ts";
import { RawBackend, RawClient } from "./support/raw.ts";
import { eventually, freePort, lane, RouterProcess } from "./support/router-process.ts";

/** A router whose patience is short, so that a test can see it end. */
const router = new RouterProcess();
const backend = new RawBackend();
const usual = backend.onBytes;
let port = 0;
const limits = { headerBytes: 4_096, bodyBytes: 10_000 };

beforeAll(async () => {
  port = await freePort();
  await backend.listen();
  await router.start([lane(`127.0.0.1:${port}`, { blue: [backend.port], route: { limits } })], {
    headersTimeoutMs: 400,
    clientKeepAliveMs: 600,
    sweepMs: 50,
    uploadWindowMs: 400,
    responseHeadTimeoutMs: 500,
    stalledReaderMs: 400,
    accessLogBytes: 20_000,
  });
});
afterAll(async () => {
  await router.end();
  await backend.close();
});
beforeEach(() => {
  backend.forget();
  backend.onBytes = usual;
});

async function answerTo(bytes: string): Promise<string> {
  const client = new RawClient(port);
  client.send(bytes);
  const text = await client.until(/\r\n\r\n[^]*(?:\n|ok)$/);
  client.end();
  return text;
}

test("a header beyond its limit is 431, whether it is complete or not", async () => {
  const big = `GET / HTTP/1.1\r\nHost: shop\r\nX: ${"x".repeat(5_000)}`;
  expect(await answerTo(`${big}\r\n\r\n`)).toMatch(
    /^HTTP\/1\.1 431 Request Header Fields Too Large\r\n/,
  );
  expect(await answerTo(big)).toMatch(/^HTTP\/1\.1 431 /);
  const many = `GET / HTTP/1.1\r\nHost: shop\r\n${"A: b\r\n".repeat(1_000)}\r\n`;
  expect(await answerTo(many)).toMatch(/^HTTP\/1\.1 431 /);
  expect(backend.connections).toEqual([]);
});

test("a body beyond its limit is 413, announced or not, and no backend takes it for whole", async () => {
  const announced = "POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 10001\r\n\r\n";
  expect(await answerTo(announced)).toMatch(
    /^HTTP\/1\.1 413 [^]*the body is larger than 10000 bytes/,
  );
  expect(backend.connections).toEqual([]);
  const chunk = `1000\r\n${"x".repeat(4096)}\r\n`;
  const chunked = `POST / HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n${chunk.repeat(3)}0\r\n\r\n`;
  expect(await answerTo(chunked)).toMatch(/^HTTP\/1\.1 413 /);
  expect(backend.requests).toEqual([]);
});

test("a client that sends its header too slowly gets 408 and is let go", async () => {
  const client = new RawClient(port);
  client.send("GET / HTTP/1.1\r\n");
  for (let i = 0; i < 20 && !client.text; i++) {
    client.send(`X-${i}: y\r\n`);
    await sleep(50);
  }
  expect(await client.until(/slow-header/)).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
  client.end();
});

test("a client that sends nothing at all is let go", async () => {
  const client = new RawClient(port);
  expect(await client.untilClosed()).toBe("");
});

test("a connection that stays idle after a response is closed, not before its time", async () => {
  const client = new RawClient(port);
  client.send("GET / HTTP/1.1\r\nHost: shop\r\n\r\n");
  await client.until(/ok$/);
  await sleep(350);
  client.send("GET / HTTP/1.1\r\nHost: shop\r\n\r\n");
  expect(await client.until(/ok[^]*ok$/)).toMatch(/ok[^]*ok$/);
  await client.untilClosed();
});

test("a body that trickles gets 408; one that the backend holds up does not", async () => {
  const slow = new RawClient(port);
  slow.send("POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 1000\r\n\r\n");
  for (let i = 0; i < 30 && !slow.text; i++) {
    slow.send("x");
    await sleep(50);
  }
  expect(await slow.until(/slow-upload/)).toMatch(/^HTTP\/1\.1 408 /);
  slow.end();

  backend.onBytes = (socket, received) => {
    if (received.endsWith("\r\n\r\n"))
      setTimeout(() => socket.write("HTTP/1.1 100 Continue\r\n\r\n"), 450);
    if (received.endsWith("hello")) socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
  };
  const patient = new RawClient(port);
  patient.send(
    "POST / HTTP/1.1\r\nHost: shop\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n",
  );
  expect(await patient.until(/100 Continue/)).toMatch(/^HTTP\/1\.1 100 Continue/);
  patient.send("hello");
  expect(await patient.until(/ok$/)).toMatch(/ok$/);
  patient.end();
});

test("a backend that never answers is 504", async () => {
  backend.onBytes = () => undefined;
  expect(await answerTo("GET / HTTP/1.1\r\nHost: shop\r\n\r\n")).toMatch(
    /^HTTP\/1\.1 504 Gateway Timeout[^]*did not answer in time/,
  );
});

test("a client that does not read its response is let go", async () => {
  backend.onBytes = (socket) => {
    socket.write("HTTP/1.1 200 OK\r\n\r\n");
    const piece = "x".repeat(100_000);
    const more = (): void => {
      while (!socket.destroyed && socket.write(piece));
    };
    socket.on("drain", more);
    more();
  };
  const client = new RawClient(port);
  client.socket.pause();
  client.send("GET / HTTP/1.1\r\nHost: shop\r\n\r\n");
  await eventually("the backend is released", () => backend.connections[0]?.socket.destroyed);
  client.end();
});

test("a tester credential that is expired, forged, cut or another lane's is 403 and never the live version", async () => {
  const good = mint(router.testerPrivateKey, "shop/production", 60_000).value;
  const bad = [
    mint(router.testerPrivateKey, "shop/production", -1).value,
    mint(router.testerPrivateKey, "shop/staging", 60_000).value,
    mint(generateKeyPairSync("ed25519").privateKey, "shop/production", 60_000).value,
    good.slice(0, -4),
    good.replace(".", ".A"),
    `${good},${good}`,
    "x",
    "",
  ];
  for (const value of bad) {
    const text = await answerTo(
      `GET / HTTP/1.1\r\nHost: shop\r\nX-Tidelock-Tester: ${value}\r\n\r\n`,
    );
    expect(text).toMatch(/^HTTP\/1\.1 403 Forbidden[^]*tester-refused/);
  }
  expect(backend.connections).toEqual([]);
});

test("hostile text in a request cannot forge a line of the access log", async () => {
  const path = `/%0a{"forged":1}"\\x`;
  await answerTo(`GET ${path} HTTP/1.1\r\nHost: shop\r\nUser-Agent: \xe2\x80\xa8\r\n\r\n`);
  const lines = await eventually("the line is there", () => {
    const text = readFileSync(router.accessLog, "latin1");
    return text.includes("forged") && text.trimEnd().split("\n");
  });
  for (const line of lines) expect(() => JSON.parse(line)).not.toThrow();
  const mine = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(mine.some((line) => line["path"] === path)).toBe(true);
  expect(mine.some((line) => line["forged"])).toBe(false);
});

test("the access log keeps within its limit and one older file", async () => {
  for (let i = 0; i < 300; i++) {
    const client = new RawClient(port);
    client.send(`GET /${i} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n`);
    await client.untilClosed();
  }
  await eventually("the newest line is there", () =>
    readFileSync(router.accessLog, "utf8").includes('"/299"'),
  );
  expect(statSync(router.accessLog).size).toBeLessThanOrEqual(20_000);
  expect(statSync(`${router.accessLog}.1`).size).toBeLessThanOrEqual(20_000);
  expect(statSync(router.accessLog).mode & 0o777).toBe(0o600);
});
