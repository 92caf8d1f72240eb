import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { FakeControlPlane } from "../../test/fixtures/fake-control-plane.ts";
import { MemoryContentStore } from "../../test/fixtures/memory-content-store.ts";
import { TidelockError } from "../model/errors.ts";
import { findMachineKey, findServers } from "../store/server-record.ts";
import { findToken } from "../store/token.ts";
import { silentLog } from "./log.ts";
import { readMainOptions } from "./main-options.ts";
import { type RunningServer, runServer } from "./run-server.ts";

let dataDir: string;
let closed: number;
const running: RunningServer[] = [];

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "tidelock-server-"));
  closed = 0;
});
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop("test over");
  rmSync(dataDir, { recursive: true });
});

async function start(port: number, plane = new FakeControlPlane()): Promise<RunningServer> {
  const server = await runServer({
    dataDir,
    port,
    hostNames: [],
    version: "1.2.3",
    files: null,
    log: silentLog,
    compose: async () => ({
      controlPlane: plane,
      content: new MemoryContentStore(),
      database: "embedded",
      close: async () => void (closed += 1),
    }),
  });
  running.push(server);
  return server;
}

it("can be found with its token in the data directory while it runs, and not after", async () => {
  const server = await start(0);
  const [record] = findServers(dataDir);
  expect(record).toMatchObject({ url: server.url, pid: process.pid, version: "1.2.3" });
  const response = await fetch(`${server.url}/api/v1/server`, {
    headers: { authorization: `Bearer ${findToken(dataDir)}` },
  });
  expect(await response.json()).toMatchObject({ url: server.url, database: "embedded" });
  await server.stop("test");
  expect([findServers(dataDir), closed]).toEqual([[], 1]);
  await expect(fetch(`${server.url}/healthz`)).rejects.toThrow();
});

it("says where the first one is when a second one wants its port", async () => {
  const first = await start(0);
  const port = Number(new URL(first.url).port);
  await expect(start(port)).rejects.toMatchObject({
    code: "port-in-use",
    where: expect.stringContaining(first.url),
    hint: expect.stringContaining("--port"),
  });
  expect(closed).toBe(0);
});

it("lets calls under way finish before it ends", async () => {
  const plane = new FakeControlPlane();
  plane.listPipelines = async () => {
    await new Promise((done) => setTimeout(done, 300));
    return [];
  };
  const server = await start(0, plane);
  const answer = fetch(`${server.url}/api/v1/pipelines`, {
    headers: { authorization: `Bearer ${findToken(dataDir)}` },
  });
  await new Promise((done) => setTimeout(done, 100));
  const stopping = server.stop("test");
  expect(await (await answer).json()).toEqual({ items: [] });
  await stopping;
});

it("leaves nothing behind when the parts do not come up", async () => {
  const failing = runServer({
    dataDir,
    port: 0,
    hostNames: [],
    version: "1",
    files: null,
    log: silentLog,
    compose: async () => {
      throw new TidelockError("unavailable", "no database");
    },
  });
  await expect(failing).rejects.toMatchObject({ message: "no database" });
  expect(findServers(dataDir)).toEqual([]);
});

it("reads flags before variables, and refuses what it does not understand", () => {
  const read = (words: string[], environment = {}) => readMainOptions(words, environment);
  expect(read(["--port", "0"], { TIDELOCK_PORT: "9" }).port).toBe(0);
  expect(read([], { TIDELOCK_PORT: "9", TIDELOCK_HOST_NAMES: "a.example,b" })).toMatchObject({
    port: 9,
    hostNames: ["a.example", "b"],
  });
  expect(read([], { DATABASE_URL: "" }).databaseUrl).toBeUndefined();
  for (const words of [["--port", "70000"], ["--prot", "1"], ["--host-name", "http://x"], ["x"]]) {
    expect(() => read(words)).toThrow(TidelockError);
  }
});

it("lets whoever owns the data directory stop it without signing in, and nothing else, and says so first", async () => {
  const plane = new FakeControlPlane();
  const server = await start(0, plane);
  const [record] = findServers(dataDir);
  const key = record && findMachineKey(dataDir, record);
  expect(statSync(join(dataDir, "server/servers", `${process.pid}.key`)).mode & 0o777).toBe(0o600);
  const ask = (method: string, path: string, bearer: string) =>
    fetch(`${server.url}${path}`, { method, headers: { authorization: `Bearer ${bearer}` } });
  for (const path of ["/api/v1/server", "/api/v1/pipelines", "/api/v1/people", "/api/v1/tokens"]) {
    expect((await ask("GET", path, key ?? "")).status).toBe(403);
  }
  expect((await ask("POST", "/api/v1/server/stop", `${key?.slice(1)}x`)).status).toBe(401);
  expect(plane.calls).toEqual([]);
  expect((await ask("POST", "/api/v1/server/stop", key ?? "")).status).toBe(200);
  expect(plane.calls).toEqual([{ method: "toldOnMachine server-stop", actor: "operator" }]);
  expect(await server.asked).toBe("asked to stop");
  await server.stop("test");
  expect(readdirSync(join(dataDir, "server/servers"))).toEqual([]);
});
