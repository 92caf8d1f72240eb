import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FakeServer, startFakeServer } from "../../test/fixtures/fake-server.ts";

let server: FakeServer;
beforeAll(async () => {
  server = await startFakeServer({ hostNames: ["tidelock.example"] });
});
afterAll(() => server.close());

/** The status that exactly these bytes are answered with; 0: the connection ended without one. */
function talk(lines: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    const socket = connect(server.port, "127.0.0.1", () =>
      socket.write(`${lines.join("\r\n")}\r\nConnection: close\r\n\r\n`),
    );
    let heard = "";
    socket.on("data", (data) => (heard += data.toString("latin1")));
    socket.on("error", () => undefined);
    socket.once("close", () => resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(heard)?.[1] ?? 0)));
  });
}
const auth = () => `Authorization: Bearer ${server.token}`;
const get = (...headers: string[]) => talk(["GET /api/v1/status HTTP/1.1", auth(), ...headers]);

describe("who is addressed", () => {
  it("is one of our names, with any port, in any case", async () => {
    for (const host of [
      "localhost",
      "LocalHost:7420",
      "127.0.0.1:1",
      "[::1]:7420",
      "tidelock.example",
      "TIDELOCK.EXAMPLE:443",
    ]) {
      expect([host, await get(`Host: ${host}`)]).toEqual([host, 200]);
    }
  });

  it("is nobody else, however it is written", async () => {
    for (const host of [
      "evil.example",
      "localhost.evil.example",
      "evil.example:localhost",
      "localhost.",
      "localhost:7420.evil.example",
      "localhost@evil.example",
      "evil.example@localhost",
      "user:pass@localhost",
      "localhost, evil.example",
      "localhost/evil",
      "localhost:99999999",
      "localhost:",
      "[::1%25lo]:7420",
      "[::1%lo]",
      "[::ffff:127.0.0.1]",
      "2130706433",
      "0x7f000001",
      "127.1",
      "0.0.0.0",
      "127.0.0.2",
      "xn--lcalhost-0ya",
      "",
    ]) {
      const status = await get(`Host: ${host}`);
      expect([host, status === 403 || status === 400]).toEqual([host, true]);
    }
  });

  it("is said once, and not otherwise in the request's first line", async () => {
    expect(await get("Host: localhost", "Host: evil.example")).toBeGreaterThanOrEqual(400);
    expect(await get("Host: evil.example", "Host: localhost")).toBeGreaterThanOrEqual(400);
    const line = (first: string) => talk([first, auth(), "Host: localhost"]);
    expect(await line("GET http://evil.example/api/v1/status HTTP/1.1")).toBe(403);
    expect(await line("GET http://localhost/api/v1/status HTTP/1.1")).toBe(403);
    expect(await line("GET //evil.example/api/v1/status HTTP/1.1")).toBe(404);
    expect(await talk(["GET /api/v1/status HTTP/1.0", auth()])).toBe(403);
    expect(await talk(["GET /api/v1/status HTTP/1.1", auth()])).toBe(400);
  });

  it("holds for streams, for connections that want another protocol, and for methods that we do not have", async () => {
    const evil = "Host: evil.example";
    expect(await talk(["GET /api/v1/events HTTP/1.1", auth(), evil])).toBe(403);
    const upgrade = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"];
    expect(await talk(["GET /api/v1/events HTTP/1.1", auth(), evil, ...upgrade])).toBe(403);
    expect(await talk(["OPTIONS /api/v1/status HTTP/1.1", evil])).toBe(403);
    expect(await talk(["CONNECT localhost:22 HTTP/1.1", "Host: localhost"])).not.toBe(200);
    expect(await talk(["TRACE / HTTP/1.1", "Host: localhost"])).not.toBe(200);
  });
});

describe("pages of other sites", () => {
  const page = (...headers: string[]) => get(`Host: localhost:${server.port}`, ...headers);

  it("of other ports, schemes and sandboxes are other sites", async () => {
    const own = `http://localhost:${server.port}`;
    expect(await page(`Origin: ${own}`, "Sec-Fetch-Site: same-origin")).toBe(200);
    for (const origin of [
      "http://localhost",
      `http://localhost:${server.port + 1}`,
      `http://127.0.0.1:${server.port}`,
      "null",
      "",
      "file://",
      `${own}.evil.example`,
      `${own}, http://evil.example`,
    ]) {
      expect([origin, await page(`Origin: ${origin}`)]).toEqual([origin, 403]);
    }
  });

  it("may be followed as a link, and ask nothing else, not even from another port of this machine", async () => {
    for (const site of ["cross-site", "same-site"]) {
      expect(await page(`Sec-Fetch-Site: ${site}`, "Sec-Fetch-Mode: no-cors")).toBe(403);
      expect(await page(`Sec-Fetch-Site: ${site}`, "Sec-Fetch-Mode: cors")).toBe(403);
      expect(await page(`Sec-Fetch-Site: ${site}`, "Sec-Fetch-Mode: navigate")).toBe(200);
    }
    expect(await page("Sec-Fetch-Site: none", "Sec-Fetch-Mode: navigate")).toBe(200);
  });
});
