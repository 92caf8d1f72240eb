import { afterEach, beforeEach, expect, it } from "vitest";
import { routes } from "../api/routes.ts";
import { sensitiveReads } from "./access-log.ts";
import { type FakeServer, startFakeServer } from "../../test/fixtures/fake-server.ts";

let server: FakeServer;
beforeEach(async () => {
  server = await startFakeServer();
});
afterEach(() => server.close());

const ask = (method: string, path: string, token: string | null = server.token) =>
  fetch(server.url + path, {
    method,
    headers: token === null ? {} : { authorization: `Bearer ${token}` },
  });

/** The hook runs when the answer has left. */
async function noted(count: number): Promise<unknown[]> {
  const { noted: access } = server.controlPlane;
  for (let wait = 0; access.length < count && wait < 100; wait += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return access;
}

it("notes calls that change something, not those that read, and never a value", async () => {
  await ask("GET", "/api/v1/status");
  await ask("POST", "/api/v1/lanes/shop/production/stop?note=hidden");
  expect(await noted(1)).toEqual([
    {
      actor: "operator",
      action: "POST /api/v1/lanes/:service/:environment/stop",
      target: "shop/production",
      outcome: expect.stringMatching(/^[245]\d\d$/) as string,
    },
  ]);
});

it("notes who asked which secrets exist, who opened entries, and who took which pack", async () => {
  await ask("GET", "/api/v1/secrets/shop/production");
  await ask("GET", "/ledger/tile/entries/000.p/3");
  await ask("GET", "/api/v1/ledger/proof?entry=7");
  await fetch(`${server.url}/api/v1/audit/packs`, {
    method: "POST",
    headers: { authorization: `Bearer ${server.token}`, "content-type": "application/json" },
    body: JSON.stringify({ kind: "release", service: "shop", release: "1.4.2", seen: [] }),
  });
  expect(await noted(4)).toMatchObject([
    { action: "GET /api/v1/secrets/:service/:environment", target: "shop/production" },
    { action: "GET /ledger/tile/entries/*", target: "000.p/3" },
    { action: "GET /api/v1/ledger/proof", actor: "operator" },
    { action: "POST /api/v1/audit/packs", target: "shop@1.4.2" },
  ]);
});

it("knows only reading calls that exist as sensitive", () => {
  const paths = new Set<string>(Object.values(routes).map(({ path }) => path));
  const unknown = [...sensitiveReads].filter((path) => !paths.has(path));
  expect(unknown).toEqual(["/ledger/tile/entries/*"]);
});

it("notes refused attempts, reading ones too, and does not let strangers fill the disk", async () => {
  for (let attempt = 0; attempt < 40; attempt += 1) await ask("GET", "/api/v1/status", "wrong");
  expect(await noted(1)).toMatchObject([
    { actor: null, action: "GET /api/v1/status", target: "from 127.0.0.0/24", outcome: "401" },
  ]);
  await server.close();
  expect((await noted(2))[1]).toMatchObject({ target: expect.stringContaining("39 times more") });
  server = await startFakeServer();
});

it("notes how often somebody asked under a foreign name, once", async () => {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    await ask("POST", "/api/v1/server/stop", null);
  }
  expect(await noted(1)).toHaveLength(1);
});
