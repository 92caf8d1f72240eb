import { once } from "node:events";
import { Agent, request, type IncomingMessage } from "node:http";
import { createServer, type AddressInfo, type Server } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RawBackend, RawClient } from "./support/raw.ts";
import { freePort, lane, RouterProcess } from "./support/router-process.ts";

/**
 * A backend may close a kept connection at the very moment in which we send on it. What then became of the
 * request nobody can know: for one that must not run twice that is a failure we could have avoided.
 */
const router = new RouterProcess();
let port = 0;
afterAll(() => router.end());

/**
 * Answers the first request of a connection and keeps it open; the second one's first byte closes it, as if
 * the two had crossed. A request that is executed is counted by the id in its path.
 */
class RudeBackend {
  readonly executed = new Map<string, number>();
  rude = 0;
  readonly server: Server = createServer((socket) => {
    let served = 0;
    let received = "";
    socket.on("error", () => socket.destroy());
    socket.on("data", (data) => {
      if (served > 0) {
        this.rude++;
        socket.resetAndDestroy();
        return;
      }
      received += data.toString("latin1");
      const end = received.indexOf("\r\n\r\n");
      const length = Number(/content-length: (\d+)/i.exec(received)?.[1] ?? 0);
      if (end === -1 || received.length < end + 4 + length) return;
      served++;
      const id = /^\S+ (\S+)/.exec(received)?.[1] ?? "";
      this.executed.set(id, (this.executed.get(id) ?? 0) + 1);
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    });
  });

  async listen(): Promise<number> {
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    return (this.server.address() as AddressInfo).port;
  }
}

const backend = new RudeBackend();

beforeAll(async () => {
  port = await freePort();
  await router.start([lane(`127.0.0.1:${port}`, { blue: [await backend.listen()] })]);
});
afterAll(() => backend.server.close());

const agent = new Agent({ keepAlive: true, maxSockets: 16 });
afterAll(() => agent.destroy());

async function send(method: string, path: string, body: string): Promise<number> {
  const headers = body === "" ? {} : { "content-length": body.length };
  const outgoing = request({ host: "127.0.0.1", port, method, path, agent, headers });
  outgoing.end(body);
  const [incoming] = (await once(outgoing, "response")) as [IncomingMessage];
  incoming.resume();
  await once(incoming, "end");
  return incoming.statusCode ?? 0;
}

test("thousands of POSTs, with and without body, run exactly once each and none fails", async () => {
  const count = 3_000;
  const statuses: number[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const id = next++;
      // Reads between them fill the pool with connections that would be there to be reused.
      if (id % 3 === 0) statuses.push(await send("GET", `/read/${id}`, ""));
      statuses.push(await send("POST", `/write/${id}`, id % 2 === 0 ? "hello" : ""));
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  expect(statuses.filter((status) => status !== 200)).toEqual([]);
  const writes = [...backend.executed].filter(([path]) => path.startsWith("/write/"));
  expect(writes).toHaveLength(count);
  expect(writes.filter(([, times]) => times !== 1)).toEqual([]);
  // The race really took place: reads did travel on kept connections and were sent once more.
  expect(backend.rude).toBeGreaterThan(100);
});

test("a request that began to be answered, or that a fresh connection lost, is not sent again", async () => {
  const raw = new RawBackend((socket) => socket.destroy());
  await raw.listen();
  await router.load([lane(`127.0.0.1:${port}`, { blue: [raw.port] })]);
  expect(await send("GET", "/once", "")).toBe(502);
  expect(await send("POST", "/once", "hello")).toBe(502);
  expect(raw.connections).toHaveLength(2);
  raw.forget();

  let first = true;
  raw.onBytes = (socket) => {
    if (first) socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    else socket.end("HTTP/1.1 200 OK\r\ncontent-le");
    first = false;
  };
  expect(await send("GET", "/fills-the-pool", "")).toBe(200);
  expect(await send("GET", "/half", "")).toBe(502);
  expect(raw.connections).toHaveLength(1);
  await raw.close();
});

test("a refused connection goes to the next backend, whatever the method, and 503 comes when none accepts", async () => {
  const raw = new RawBackend();
  await raw.listen();
  const closed = await freePort();
  await router.load([lane(`127.0.0.1:${port}`, { blue: [closed, raw.port] })]);
  for (let i = 0; i < 10; i++) {
    expect(await send("POST", `/${i}`, "hello")).toBe(200);
    expect(await send("GET", `/${i}`, "")).toBe(200);
  }
  expect(raw.requests).toHaveLength(20);
  await router.load([lane(`127.0.0.1:${port}`, { blue: [closed] })]);
  const client = new RawClient(port);
  client.send("POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 5\r\n\r\nhello");
  const text = await client.until(/\r\n\r\n[\s\S]+$/);
  expect(text).toMatch(/^HTTP\/1\.1 503 [\s\S]*x-tidelock-error: no-backend\r\nretry-after: 1/);
  client.end();
  await raw.close();
});

test("an idle connection is not used again once its release is gone from the address", async () => {
  const raw = new RawBackend();
  await raw.listen();
  const listen = `127.0.0.1:${port}`;
  await router.load([lane(listen, { blue: [raw.port], names: { blue: "shop@1", green: "" } })]);
  expect(await send("GET", "/1", "")).toBe(200);
  expect(await send("GET", "/2", "")).toBe(200);
  expect(raw.connections).toHaveLength(1);
  await router.load([lane(listen, { blue: [raw.port], names: { blue: "shop@2", green: "" } })]);
  expect(await send("GET", "/3", "")).toBe(200);
  expect(raw.connections).toHaveLength(2);
  expect(raw.connections[0]?.socket.destroyed || raw.connections[0]?.socket.readableEnded).toBe(
    true,
  );
  await raw.close();
});
