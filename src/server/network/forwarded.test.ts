import type { FastifyInstance, InjectOptions } from "fastify";
import { afterEach, describe, expect, it } from "vitest";
import { FakeControlPlane } from "../../../test/fixtures/fake-control-plane.ts";
import { MemoryContentStore } from "../../../test/fixtures/memory-content-store.ts";
import { buildApp } from "../app.ts";
import { silentLog } from "../log.ts";
import { trustedProxies } from "./proxies.ts";

let app: FastifyInstance | undefined;
afterEach(() => app?.close());

const token = "t".repeat(43);
let plane: FakeControlPlane;

async function behind(proxies: readonly string[]) {
  await app?.close();
  plane = new FakeControlPlane();
  app = await buildApp({
    controlPlane: plane,
    content: new MemoryContentStore(),
    identity: { version: "0", dataDir: "/", database: "embedded", startedAt: "", url: "" },
    token,
    hostNames: ["tidelock.example"],
    files: null,
    log: silentLog,
    stop: () => undefined,
    proxies: trustedProxies(proxies),
  });
  const served = app;
  return async (remoteAddress: string, headers: Record<string, string> = {}) => {
    const host = { host: "tidelock.example", authorization: `Bearer ${token}` };
    const options: InjectOptions = { url: "/api/v1/status", remoteAddress };
    const { statusCode, body } = await served.inject({
      ...options,
      headers: { ...host, ...headers },
    });
    return { status: statusCode, body };
  };
}
const https = { "x-forwarded-proto": "https", "x-forwarded-for": "203.0.113.9" };

describe("what came over a network", () => {
  it("is refused unless it was encrypted, or the trusted proxy says that it was", async () => {
    const ask = await behind(["10.0.0.7"]);
    expect((await ask("127.0.0.1")).status).toBe(200);
    expect((await ask("::ffff:127.0.0.1")).status).toBe(200);
    expect((await ask("10.0.0.7", https)).status).toBe(200);
    expect((await ask("::ffff:10.0.0.7", https)).status).toBe(200);
    for (const [address, headers] of [
      ["10.0.0.7", { ...https, "x-forwarded-proto": "http" }],
      ["10.0.0.7", { "x-forwarded-for": "203.0.113.9" }],
      ["10.0.0.7", {}],
      ["10.0.0.7", { ...https, "x-forwarded-proto": "https, http" }],
    ] as const) {
      const { status, body } = await ask(address, headers);
      expect([status, body]).toEqual([403, expect.stringContaining("X-Forwarded-Proto")]);
    }
  });

  it("is not believed to be encrypted or local because a stranger says so", async () => {
    const ask = await behind(["10.0.0.7"]);
    for (const spoofed of [
      https,
      { ...https, "x-forwarded-for": "127.0.0.1" },
      { ...https, forwarded: "for=127.0.0.1;proto=https" },
      { ...https, "x-real-ip": "127.0.0.1", "x-forwarded-ssl": "on" },
    ]) {
      expect((await ask("10.0.0.8", spoofed)).status).toBe(403);
    }
    expect((await (await behind([]))("10.0.0.8", https)).status).toBe(403);
  });

  it("comes from the rightmost hop that is no trusted proxy: what the client wrote before it does not count", async () => {
    const ask = await behind(["10.0.0.0/24"]);
    // Claims to be this machine, through two proxies of ours.
    const chain = "127.0.0.1, 203.0.113.9, 10.0.0.8";
    await ask("10.0.0.7", { ...https, "x-forwarded-for": chain, authorization: "Bearer wrong" });
    await ask("10.0.0.7", {
      ...https,
      "x-forwarded-for": 'junk" onload=',
      authorization: "Bearer wrong",
    });
    for (let wait = 0; plane.noted.length < 2 && wait < 100; wait += 1) await new Promise((go) => setTimeout(go, 5)); // prettier-ignore
    expect(plane.noted).toMatchObject([
      { target: "from 203.0.113.0/24", outcome: "401" },
      { target: "from 10.0.0.0/24", outcome: "401" },
    ]);
  });

  it("may not say who asks in the other header alone", async () => {
    const ask = await behind(["10.0.0.7"]);
    const { status, body } = await ask("10.0.0.7", { forwarded: "for=203.0.113.9;proto=https" });
    expect([status, body]).toEqual([403, expect.stringContaining("X-Forwarded-For")]);
  });
});

describe("the name under which a proxy was asked", () => {
  it("counts from a trusted proxy, and only when both names are ours", async () => {
    const ask = await behind(["10.0.0.7"]);
    const as = (host: string, forwarded: string) =>
      ask("10.0.0.7", { ...https, host, "x-forwarded-host": forwarded });
    expect((await as("127.0.0.1:7420", "tidelock.example")).status).toBe(200);
    expect((await as("tidelock.example", "evil.example")).status).toBe(403);
    expect((await as("evil.example", "tidelock.example")).status).toBe(403);
    expect((await as("tidelock.example", "tidelock.example, evil.example")).status).toBe(403);
  });

  it("is no way around the check for anybody else", async () => {
    const ask = await behind(["10.0.0.7"]);
    expect((await ask("127.0.0.1", { host: "evil.example", "x-forwarded-host": "localhost" })).status).toBe(403); // prettier-ignore
    expect((await ask("127.0.0.1", { host: "localhost", "x-forwarded-host": "evil.example" })).status).toBe(200); // prettier-ignore
  });

  it("is the origin that pages must have, encrypted as they were asked", async () => {
    const ask = await behind(["10.0.0.7"]);
    const from = (origin: string) => ask("10.0.0.7", { ...https, origin });
    expect((await from("https://tidelock.example")).status).toBe(200);
    expect((await from("http://tidelock.example")).status).toBe(403);
    expect((await from("https://tidelock.example:8443")).status).toBe(403);
    expect((await from("null")).status).toBe(403);
  });
});
