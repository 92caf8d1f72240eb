import { createServer } from "node:net";
import { expect, it } from "vitest";
import { startFakeServer } from "../../test/fixtures/fake-server.ts";
import { buildApp } from "./app.ts";
import { listenOnLoopback } from "./listen.ts";
import { silentLog } from "./log.ts";
import { FakeControlPlane } from "../../test/fixtures/fake-control-plane.ts";
import { MemoryContentStore } from "../../test/fixtures/memory-content-store.ts";

const app = () =>
  buildApp({
    controlPlane: new FakeControlPlane(),
    content: new MemoryContentStore(),
    identity: { version: "0", dataDir: "/", database: "embedded", startedAt: "", url: "" },
    token: "t",
    hostNames: [],
    files: null,
    log: silentLog,
    stop: () => {},
  });

it("takes a free port on both loopback addresses and shows a name, not a number", async () => {
  const server = await startFakeServer();
  expect(server.url).toBe(`http://localhost:${server.port}`);
  for (const host of ["127.0.0.1", "[::1]"]) {
    const response = await fetch(`http://${host}:${server.port}/healthz`).catch(() => null);
    // A machine without IPv6 has no ::1 to answer on.
    if (host === "127.0.0.1" || response !== null) expect(response?.status).toBe(200);
  }
  await server.close();
});

it("says which port is taken and what to do, and holds nothing afterwards", async () => {
  const first = await startFakeServer();
  await expect(listenOnLoopback(await app(), first.port)).rejects.toMatchObject({
    code: "port-in-use",
    message: expect.stringContaining(String(first.port)),
    hint: expect.stringContaining("--port"),
  });
  await first.close();
  const again = await listenOnLoopback(await app(), first.port);
  await again.close();
});

it("does not share localhost with a stranger on ::1", async () => {
  const stranger = createServer();
  const port = await new Promise<number | null>((resolve) => {
    stranger.once("error", () => resolve(null));
    stranger.listen({ host: "::1", port: 0 }, () => {
      const address = stranger.address();
      resolve(typeof address === "object" && address !== null ? address.port : null);
    });
  });
  if (port === null) return console.warn("no IPv6 loopback here: nothing to be confused with");
  await expect(listenOnLoopback(await app(), port)).rejects.toMatchObject({ code: "port-in-use" });
  stranger.close();
});
