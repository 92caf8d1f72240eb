import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { WebSocket, WebSocketServer, type RawData } from "ws";
import type { AddressInfo, Socket } from "node:net";
import { RawBackend, RawClient } from "./support/raw.ts";
import { eventually, freePort, lane, RouterProcess } from "./support/router-process.ts";

const router = new RouterProcess();
const blue = new RawBackend();
const green = new RawBackend();
let port = 0;
let listen = "";

beforeAll(async () => {
  port = await freePort();
  listen = `127.0.0.1:${port}`;
  await blue.listen();
  await green.listen();
  await router.start([lane(listen, { blue: [blue.port], green: [green.port] })]);
});
afterAll(async () => {
  await router.end();
  await blue.close();
  await green.close();
});
beforeEach(async () => {
  blue.forget();
  green.forget();
  await to("blue", 100);
});

async function to(
  colour: "blue" | "green",
  drainMs: number,
  ports = { blue: blue.port, green: green.port },
): Promise<void> {
  const weights = colour === "blue" ? { blue: 100, green: 0 } : { blue: 0, green: 100 };
  await router.load([
    lane(listen, { blue: [ports.blue], green: [ports.green], route: { weights, drainMs } }),
  ]);
}

const usual =
  (name: string): RawBackend["onBytes"] =>
  (socket, received) => {
    if (received.endsWith("\r\n\r\n")) {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${name.length}\r\n\r\n${name}`);
    }
  };

async function ask(): Promise<string> {
  const client = new RawClient(port);
  client.send("GET / HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n");
  return (await client.untilClosed()).split("\r\n\r\n")[1] ?? "";
}

test("a request that is under way ends on the old colour while new ones go to the new", async () => {
  blue.onBytes = (socket) => {
    setTimeout(() => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nblue"), 300);
  };
  green.onBytes = usual("green");
  const slow = new RawClient(port);
  slow.send("GET /slow HTTP/1.1\r\nHost: shop\r\n\r\n");
  await eventually("it is under way", () => blue.connections.length === 1);
  await to("green", 5_000);
  expect(await ask()).toBe("green");
  expect(await slow.until(/blue$/)).toMatch(/200 OK[\s\S]*blue$/);
  // The same client's next request on the same connection is a new one.
  slow.send("GET / HTTP/1.1\r\nHost: shop\r\n\r\n");
  expect(await slow.until(/green$/)).toMatch(/green$/);
  slow.end();
});

test("at the ceiling a request that got no answer gets 503, one in the middle of its answer is cut, both are counted", async () => {
  blue.onBytes = (socket, received) => {
    if (received.includes("/begun"))
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc");
  };
  const silent = new RawClient(port);
  const begun = new RawClient(port);
  silent.send("GET /silent HTTP/1.1\r\nHost: shop\r\n\r\n");
  begun.send("GET /begun HTTP/1.1\r\nHost: shop\r\n\r\n");
  await begun.until(/abc$/);
  await eventually("both are under way", () => blue.connections.length === 2);
  const before = (await router.lane("shop/production")).endedAtCeiling?.requests ?? 0;
  await to("green", 200);
  expect(await silent.until(/drain-ceiling/)).toMatch(/^HTTP\/1\.1 503 /);
  await begun.untilClosed();
  expect((await router.lane("shop/production")).endedAtCeiling?.requests).toBe(before + 2);
  silent.end();
});

test("a return before the ceiling lets what is under way live on", async () => {
  blue.onBytes = (socket) => {
    setTimeout(() => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nblue"), 600);
  };
  const slow = new RawClient(port);
  slow.send("GET /slow HTTP/1.1\r\nHost: shop\r\n\r\n");
  await eventually("it is under way", () => blue.connections.length === 1);
  await to("green", 200);
  await to("blue", 200);
  expect(await slow.until(/blue$/)).toMatch(/200 OK[\s\S]*blue$/);
  slow.end();
});

test("an instance that is taken out of its colour drains too", async () => {
  blue.onBytes = (socket) => {
    setTimeout(() => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nblue"), 200);
  };
  const slow = new RawClient(port);
  slow.send("GET /slow HTTP/1.1\r\nHost: shop\r\n\r\n");
  await eventually("it is under way", () => blue.connections.length === 1);
  await to("blue", 2_000, { blue: green.port, green: green.port });
  expect(await slow.until(/blue$/)).toMatch(/200 OK[\s\S]*blue$/);
  slow.end();
});

test("a WebSocket open at the ceiling ends with 1001 between two frames and is counted by name", async () => {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  const closes: number[] = [];
  server.on("connection", (socket) => {
    socket.on("close", (code) => closes.push(code));
    socket.on("message", (data: RawData) => socket.send(data));
    // Large frames all the time: the ceiling falls into the middle of one.
    const timer = setInterval(() => socket.send(Buffer.alloc(300_000, 7)), 1);
    socket.on("close", () => clearInterval(timer));
  });
  const ports = { blue: (server.address() as AddressInfo).port, green: green.port };
  await to("blue", 100, ports);
  const client = new WebSocket(`ws://127.0.0.1:${port}/live`);
  let frames = 0;
  const wrong: string[] = [];
  client.on("message", (data: Buffer) => {
    frames++;
    if (data.length !== 300_000 || data[299_999] !== 7) wrong.push(`frame of ${data.length} bytes`);
  });
  client.on("error", (error) => wrong.push(error.message));
  const closed = once(client, "close") as Promise<[number, Buffer]>;
  await eventually("frames arrive", () => frames > 10);
  const before = (await router.lane("shop/production")).endedAtCeiling?.websockets ?? 0;
  await to("green", 150, ports);
  const [code, reason] = await closed;
  expect(wrong).toEqual([]);
  expect(code).toBe(1001);
  expect(reason.toString()).toBe("the service behind this connection went away");
  await eventually("the service was told too", () => closes.length === 1);
  expect(closes).toEqual([1001]);
  expect((await router.lane("shop/production")).endedAtCeiling?.websockets).toBe(before + 1);
  server.close();
});

test("a WebSocket whose service is killed is told 1001 instead of nothing", async () => {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  await to("blue", 100, { blue: (server.address() as AddressInfo).port, green: green.port });
  const client = new WebSocket(`ws://127.0.0.1:${port}/live`);
  await once(client, "open");
  const closed = once(client, "close") as Promise<[number]>;
  for (const socket of server.clients)
    (socket as unknown as { _socket: Socket })._socket.resetAndDestroy();
  expect((await closed)[0]).toBe(1001);
  server.close();
});

test("a WebSocket that ends by itself before the ceiling is left alone", async () => {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  server.on("connection", (socket) => socket.on("message", (data: RawData) => socket.send(data)));
  const ports = { blue: (server.address() as AddressInfo).port, green: green.port };
  await to("blue", 100, ports);
  const client = new WebSocket(`ws://127.0.0.1:${port}/live`);
  await once(client, "open");
  const echo = once(client, "message") as Promise<[Buffer]>;
  client.send(Buffer.alloc(200_000, 3));
  expect((await echo)[0]).toEqual(Buffer.alloc(200_000, 3));
  await to("green", 1_000, ports);
  const again = once(client, "message") as Promise<[Buffer]>;
  client.send("still here");
  expect((await again)[0].toString()).toBe("still here");
  const closed = once(client, "close") as Promise<[number]>;
  client.close(4000, "done");
  expect((await closed)[0]).toBe(4000);
  server.close();
});

test("bytes of another protocol go both ways, and half-closes with them", async () => {
  blue.onBytes = (socket, received) => {
    if (received.endsWith("\r\n\r\n")) {
      expect(received).toMatch(/\r\nconnection: upgrade\r\nupgrade: chat\/2\r\n/);
      socket.write(
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: chat/2\r\nconnection: upgrade\r\n\r\nwelcome ",
      );
    } else if (received.endsWith("bye")) {
      socket.end("farewell");
    }
  };
  const client = new RawClient(port);
  client.send("GET / HTTP/1.1\r\nHost: shop\r\nConnection: Upgrade\r\nUpgrade: chat/2\r\n\r\n");
  await client.until(/welcome $/);
  client.send("by");
  await sleep(20);
  client.send("e");
  expect(await client.untilClosed()).toMatch(/\r\n\r\nwelcome farewell$/);
});

test("a backend that declines an upgrade answers as usual", async () => {
  blue.onBytes = (socket) =>
    socket.write("HTTP/1.1 426 Upgrade Required\r\ncontent-length: 2\r\n\r\nno");
  const client = new RawClient(port);
  client.send("GET / HTTP/1.1\r\nHost: shop\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  expect(await client.until(/no$/)).toMatch(/^HTTP\/1\.1 426 [\s\S]*no$/);
  client.end();
});
