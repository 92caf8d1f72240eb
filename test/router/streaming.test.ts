import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, request, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { RawBackend, RawClient } from "./support/raw.ts";
import { eventually, freePort, lane, RouterProcess } from "./support/router-process.ts";

const router = new RouterProcess();
const raw = new RawBackend();
let service: Server;
let port = 0;
let rawPort = 0;

const sha256 = (data: Buffer): string => createHash("sha256").update(data).digest("hex");

beforeAll(async () => {
  service = createServer((incoming, response) => {
    if (incoming.url === "/endless") {
      const piece = Buffer.alloc(64 * 1024, "x");
      const more = (): void => {
        while (response.write(piece));
      };
      response.on("drain", more);
      more();
      return;
    }
    if (incoming.url === "/slow-reader") return;
    const hash = createHash("sha256");
    let bytes = 0;
    incoming.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      hash.update(chunk);
    });
    incoming.on("end", () => {
      response.setHeader("x-trailers", JSON.stringify(incoming.rawTrailers));
      response.end(JSON.stringify({ bytes, sha256: hash.digest("hex") }));
    });
  }).listen(0, "127.0.0.1");
  await once(service, "listening");
  await raw.listen();
  port = await freePort();
  rawPort = await freePort();
  const limits = { headerBytes: 16_384, bodyBytes: 1024 ** 3 };
  const servicePort = (service.address() as AddressInfo).port;
  await router.start([
    lane(`127.0.0.1:${port}`, { blue: [servicePort], route: { limits } }),
    lane(`127.0.0.1:${rawPort}`, { blue: [raw.port], route: { lane: "raw/production", limits } }),
  ]);
});
afterAll(async () => {
  await router.end();
  service.closeAllConnections();
  service.close();
  await raw.close();
});
beforeEach(() => raw.forget());

function residentBytes(): number {
  const pages = readFileSync(`/proc/${router.pid}/statm`, "utf8").split(" ")[1];
  return Number(pages) * 4096;
}

async function upload(body: Buffer, headers: Record<string, string | number>): Promise<string> {
  const outgoing = request({ host: "127.0.0.1", port, method: "PUT", path: "/", headers });
  for (let at = 0; at < body.length; at += 100_000) {
    if (!outgoing.write(body.subarray(at, at + 100_000))) await once(outgoing, "drain");
  }
  outgoing.end();
  const [incoming] = (await once(outgoing, "response")) as [IncomingMessage];
  let text = "";
  for await (const chunk of incoming.setEncoding("utf8")) text += chunk as string;
  return text;
}

test("uploads arrive whole, with a length and chunked", async () => {
  const body = randomBytes(5_000_000);
  const whole = JSON.stringify({ bytes: body.length, sha256: sha256(body) });
  expect(await upload(body, { "content-length": body.length })).toBe(whole);
  expect(await upload(body, {})).toBe(whole);
});

test("trailers travel both ways", async () => {
  raw.onBytes = (socket, received) => {
    if (!received.endsWith("\r\nX-Sum: 1\r\n\r\n")) return;
    socket.write(
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: X-Back\r\n\r\n2\r\nok\r\n0\r\nX-Back: 2\r\nSet-Cookie: a=b\r\n\r\n",
    );
  };
  const client = new RawClient(rawPort);
  client.send(
    "POST / HTTP/1.1\r\nHost: shop\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n",
  );
  const text = await client.until(/X-Back: 2\r\n\r\n$/);
  expect(text).toMatch(/\r\ntrailer: X-Back\r\n/);
  expect(text).toMatch(/\r\n2\r\nok\r\n0\r\nX-Back: 2\r\n\r\n$/);
  expect(text).not.toContain("Set-Cookie");
  expect(raw.connections[0]?.received).toMatch(/\r\nte: trailers\r\n/);
  client.end();
});

test("Expect: 100-continue is the backend's to answer", async () => {
  let asked = false;
  raw.onBytes = (socket, received) => {
    if (received.endsWith("\r\n\r\n") && !asked) {
      asked = true;
      expect(received).toMatch(/\r\nexpect: 100-continue\r\n/);
      socket.write("HTTP/1.1 100 Continue\r\n\r\n");
    } else if (received.endsWith("hello")) {
      socket.write("HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n");
    }
  };
  const client = new RawClient(rawPort);
  client.send("POST / HTTP/1.1\r\nHost: shop\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  expect(await client.until(/100 Continue\r\n\r\n/)).toBe("HTTP/1.1 100 Continue\r\n\r\n");
  client.send("hello");
  expect(await client.until(/201 Created/)).toMatch(/201 Created/);
  client.end();
});

test("a backend that refuses before the body answers for itself, and the connection then closes", async () => {
  raw.onBytes = (socket) =>
    socket.write("HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\n\r\nno");
  const client = new RawClient(rawPort);
  client.send("POST / HTTP/1.1\r\nHost: shop\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  const text = await client.untilClosed();
  expect(text).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n/);
  expect(text).toMatch(/\r\nconnection: close\r\n/);
  expect(text).not.toContain("100 Continue");
});

test("a client in the middle of a big upload still reads an early answer", async () => {
  raw.onBytes = (socket) =>
    socket.write("HTTP/1.1 413 Content Too Large\r\ncontent-length: 2\r\n\r\nno");
  const client = new RawClient(rawPort);
  client.send("POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 50000000\r\n\r\n");
  const piece = "x".repeat(1_000_000);
  for (let i = 0; i < 20 && !client.closed; i++) {
    client.send(piece);
    await sleep(5);
  }
  expect(await client.until(/no$/)).toMatch(/^HTTP\/1\.1 413 [\s\S]*no$/);
  client.end();
});

test("early hints reach the client before the response", async () => {
  raw.onBytes = (socket) => {
    socket.write("HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\n\r\n");
    socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
  };
  const client = new RawClient(rawPort);
  client.send("GET / HTTP/1.1\r\nHost: shop\r\n\r\n");
  expect(await client.until(/ok$/)).toMatch(
    /^HTTP\/1\.1 103 Early Hints\r\nlink: <\/a\.css>; rel=preload\r\n\r\nHTTP\/1\.1 200 OK\r\n/,
  );
  client.end();
});

test("a response is passed on as it comes, not when it is complete", async () => {
  raw.onBytes = (socket) => {
    socket.write("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: 1\n\n");
    setTimeout(() => socket.write("data: 2\n\n"), 100);
  };
  const client = new RawClient(rawPort);
  client.send("GET / HTTP/1.1\r\nHost: shop\r\n\r\n");
  const first = await client.until(/data: 1/);
  expect(first).toMatch(/\r\ntransfer-encoding: chunked\r\n/);
  expect(first).not.toContain("data: 2");
  expect(await client.until(/data: 2/)).toContain("data: 2");
  client.end();
});

test("a response that ends with its connection is whole; one that breaks off is seen to be broken", async () => {
  raw.onBytes = (socket) => socket.end("HTTP/1.0 200 OK\r\n\r\nall of it");
  const client = new RawClient(rawPort);
  client.send("GET / HTTP/1.1\r\nHost: shop\r\n\r\n");
  expect(await client.until(/0\r\n\r\n$/)).toMatch(/all of it\r\n0\r\n\r\n$/);
  client.end();

  raw.onBytes = (socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this");
  const cut = new RawClient(rawPort);
  cut.send("GET / HTTP/1.1\r\nHost: shop\r\n\r\n");
  expect(await cut.untilClosed()).toMatch(/content-length: 100\r\n\r\nonly this$/);

  raw.onBytes = (socket) =>
    socket.end("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n");
  const chunked = new RawClient(rawPort);
  chunked.send("GET / HTTP/1.1\r\nHost: shop\r\n\r\n");
  expect(await chunked.untilClosed()).not.toMatch(/0\r\n\r\n$/);
});

test("HEAD, 204 and 304 have no body, whatever their header says", async () => {
  const answers: [string, string, string][] = [
    ["HEAD", "HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n", "content-length: 500"],
    ["HEAD", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", "date:"],
    ["GET", "HTTP/1.1 204 No Content\r\n\r\n", "date:"],
    ["GET", "HTTP/1.1 304 Not Modified\r\ncontent-length: 500\r\netag: x\r\n\r\n", "etag: x"],
  ];
  for (const [method, answer, wanted] of answers) {
    raw.onBytes = (socket) => socket.write(answer);
    const client = new RawClient(rawPort);
    client.send(`${method} / HTTP/1.1\r\nHost: shop\r\n\r\n`);
    await client.until(/\r\n\r\n/);
    expect(client.text).toContain(wanted);
    expect(client.text).toMatch(/\r\n\r\n$/);
    // The connection goes on: the next answer is not taken for a body.
    raw.onBytes = (socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nnext");
    client.send("GET / HTTP/1.1\r\nHost: shop\r\n\r\n");
    expect(await client.until(/next$/)).toMatch(/next$/);
    client.end();
    raw.forget();
  }
});

test("HTTP/1.0 gets no chunks and, unless it asks for more, one response a connection", async () => {
  raw.onBytes = (socket) =>
    socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
  const client = new RawClient(rawPort);
  client.send("GET / HTTP/1.0\r\nHost: shop\r\n\r\n");
  const text = await client.untilClosed();
  expect(text).toMatch(/\r\nconnection: close\r\n\r\nhello$/);

  raw.onBytes = (socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
  const kept = new RawClient(rawPort);
  kept.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  expect(await kept.until(/ok$/)).toMatch(/\r\nconnection: keep-alive\r\n/);
  kept.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  expect(await kept.until(/ok[\s\S]*ok$/)).toMatch(/ok[\s\S]*ok$/);
  kept.end();
});

test("a client that closes its side and waits gets its response", async () => {
  raw.onBytes = (socket) => {
    setTimeout(() => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"), 50);
  };
  const client = new RawClient(rawPort);
  client.socket.end("GET / HTTP/1.1\r\nHost: shop\r\n\r\n");
  expect(await client.untilClosed()).toMatch(/ok$/);
});

test("a client that leaves ends the backend's work", async () => {
  raw.onBytes = (socket) => {
    socket.write("HTTP/1.1 200 OK\r\n\r\n");
    const timer = setInterval(() => socket.write("x".repeat(1000)), 5);
    socket.on("close", () => clearInterval(timer));
  };
  const client = new RawClient(rawPort);
  client.send("GET / HTTP/1.1\r\nHost: shop\r\n\r\n");
  await client.until(/xxx/);
  client.end();
  await eventually("the backend connection closes", () => raw.connections[0]?.socket.destroyed);
  await eventually("nothing is in flight", async () => {
    const { colours } = await router.lane("raw/production");
    return colours.blue?.inFlight === 0;
  });
});

test("a reader that stops reading stops the backend, not the router's memory", async () => {
  const before = residentBytes();
  const client = new RawClient(port);
  client.socket.pause();
  client.send("GET /endless HTTP/1.1\r\nHost: shop\r\n\r\n");
  await sleep(1_500);
  expect(residentBytes() - before).toBeLessThan(64 * 1024 * 1024);
  client.end();
});

test("a backend that stops reading stops the client, not the router's memory", async () => {
  raw.onBytes = (socket) => socket.pause();
  const before = residentBytes();
  const client = new RawClient(rawPort);
  client.send("POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 1000000000\r\n\r\n");
  const piece = Buffer.alloc(1_000_000);
  let stopped = false;
  for (let i = 0; i < 200 && !stopped; i++) {
    if (!client.socket.write(piece)) {
      stopped = await Promise.race([
        once(client.socket, "drain").then(() => false),
        sleep(500).then(() => true),
      ]);
    }
  }
  expect(stopped).toBe(true);
  expect(residentBytes() - before).toBeLessThan(64 * 1024 * 1024);
  client.end();
});
