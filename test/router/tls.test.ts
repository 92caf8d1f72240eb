import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { request } from "node:https";
import type { IncomingMessage } from "node:http";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect, type TLSSocket } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket, WebSocketServer, type RawData } from "ws";
import type { AddressInfo } from "node:net";
import { selfSigned } from "./support/certificates.ts";
import { RawBackend, RawClient } from "./support/raw.ts";
import { eventually, freePort, lane, RouterProcess } from "./support/router-process.ts";

const router = new RouterProcess();
const backend = new RawBackend();
const one = selfSigned("one.localhost");
const two = selfSigned("two.localhost");
const paths = {
  certificate: join(router.directory, "tls.crt"),
  key: join(router.directory, "tls.key"),
};
let port = 0;
let listen = "";

beforeAll(async () => {
  port = await freePort();
  listen = `127.0.0.1:${port}`;
  await backend.listen();
  writeFileSync(paths.certificate, one.certificate);
  writeFileSync(paths.key, one.key, { mode: 0o600 });
  await router.start([lane(listen, { blue: [backend.port], route: { tls: paths } })], {
    sweepMs: 50,
  });
});
afterAll(async () => {
  await router.end();
  await backend.close();
});

async function handshake(): Promise<TLSSocket> {
  const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false });
  await once(socket, "secureConnect");
  return socket;
}

async function subject(): Promise<string> {
  const socket = await handshake();
  const name = socket.getPeerCertificate().subject.CN;
  socket.destroy();
  return String(name);
}

async function get(): Promise<{ status: number; text: string }> {
  const outgoing = request({ host: "127.0.0.1", port, rejectUnauthorized: false, agent: false });
  outgoing.end();
  const [incoming] = (await once(outgoing, "response")) as [IncomingMessage];
  let text = "";
  for await (const chunk of incoming.setEncoding("utf8")) text += chunk as string;
  return { status: incoming.statusCode ?? 0, text };
}

test("requests over TLS arrive, and the backend is told that they came that way", async () => {
  expect(await get()).toEqual({ status: 200, text: "ok" });
  expect(backend.requests.at(-1)).toMatch(/\r\nx-forwarded-proto: https\r\n/);
});

test("a new pair is used for new connections, and those that stand go on", async () => {
  const standing = await handshake();
  expect(standing.getPeerCertificate().subject.CN).toBe("one.localhost");
  writeFileSync(paths.certificate, two.certificate);
  writeFileSync(paths.key, two.key);
  await eventually(
    "the new certificate is used",
    async () => (await subject()) === "two.localhost",
  );
  standing.write("GET / HTTP/1.1\r\nHost: shop\r\n\r\n");
  const [data] = (await once(standing, "data")) as [Buffer];
  expect(data.toString()).toMatch(/ok$/);
  standing.destroy();
});

test("a broken pair is logged and the old one stays in use", async () => {
  writeFileSync(paths.certificate, one.certificate);
  await eventually("it is logged", () => router.stderr.includes("is not used"));
  expect(await subject()).toBe("two.localhost");
  writeFileSync(paths.key, "garbage");
  await eventually("it is logged again", () => router.stderr.match(/is not used/g)?.length === 2);
  expect(await subject()).toBe("two.localhost");
  expect(router.stderr).not.toContain("PRIVATE KEY");
  writeFileSync(paths.key, one.key);
  await eventually("the repaired pair is used", async () => (await subject()) === "one.localhost");
});

test("HTTP/2 is not offered, and a client that speaks nothing else is refused in the handshake", async () => {
  const both = connect({
    host: "127.0.0.1",
    port,
    rejectUnauthorized: false,
    ALPNProtocols: ["h2", "http/1.1"],
  });
  await once(both, "secureConnect");
  expect(both.alpnProtocol).toBe("http/1.1");
  both.destroy();
  const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
  const [error] = (await once(session, "error")) as [NodeJS.ErrnoException];
  expect(error.code).toMatch(/ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL|ERR_HTTP2/);
});

test("plain HTTP on a TLS port and bytes that are no handshake end the connection and nothing else", async () => {
  const plain = new RawClient(port);
  plain.send("GET / HTTP/1.1\r\nHost: shop\r\n\r\n");
  await plain.untilClosed();
  expect(plain.text).not.toContain("200");
  expect(await get()).toEqual({ status: 200, text: "ok" });
});

test("a WebSocket over TLS works", async () => {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  server.on("connection", (socket) => socket.on("message", (data: RawData) => socket.send(data)));
  const blue = [(server.address() as AddressInfo).port];
  await router.load([lane(listen, { blue, route: { tls: paths } })]);
  const client = new WebSocket(`wss://127.0.0.1:${port}/`, { rejectUnauthorized: false });
  await once(client, "open");
  const echo = once(client, "message") as Promise<[Buffer]>;
  client.send(Buffer.alloc(300_000, 1));
  expect((await echo)[0]).toEqual(Buffer.alloc(300_000, 1));
  client.terminate();
  server.close();
});

test("TLS can be turned off without the port being closed", async () => {
  await router.load([lane(listen, { blue: [backend.port] })]);
  const plain = new RawClient(port);
  plain.send("GET / HTTP/1.1\r\nHost: shop\r\n\r\n");
  expect(await plain.until(/ok$/)).toMatch(/^HTTP\/1\.1 200 OK/);
  plain.end();
});
