import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type FakeServer, startFakeServer } from "../../test/fixtures/fake-server.ts";
import { openDataDir } from "../store/data-dir.ts";
import { registerServer } from "../store/server-record.ts";
import { CommandContext } from "./context.ts";
import { signedInOrOwner } from "./on-machine.ts";
import type { Terminal } from "./terminal.ts";

const machineKey = "k".repeat(43);
let dataDir: string;
let server: FakeServer;
let notes: string[];

beforeEach(async () => {
  notes = [];
  dataDir = mkdtempSync(join(tmpdir(), "tidelock-machine-"));
  server = await startFakeServer({ machineKey });
  registerServer(openDataDir(dataDir), { url: server.url, version: "1", machineKey });
});
afterEach(async () => {
  await server.close();
  rmSync(dataDir, { recursive: true });
});

function context(environment: NodeJS.ProcessEnv = {}): CommandContext {
  return new CommandContext({
    terminal: { note: (text: string) => void notes.push(text) } as unknown as Terminal,
    environment: { TIDELOCK_CONFIG: "/nonexistent/tidelock-config.json", ...environment },
    folder: "/",
    signal: new AbortController().signal,
  });
}

const stop = (of: CommandContext, flags: { url?: string; dataDir?: string }) =>
  signedInOrOwner(of, flags, (client) => client.call("serverStop", {}));

it("acts as the owner of the data directory where nobody is signed in, or no more, and says so", async () => {
  await stop(context(), { dataDir });
  expect(notes.join()).toContain(`nobody is signed in: done as the owner of ${dataDir}`);
  await stop(context({ TIDELOCK_TOKEN: "ended" }), { dataDir });
  const told = { method: "toldOnMachine server-stop", actor: "operator" };
  expect(server.controlPlane.calls).toEqual([told, told]);
  expect(server.stops).toHaveLength(2);
});

it("acts as whoever is signed in where somebody is", async () => {
  await stop(context({ TIDELOCK_TOKEN: server.token }), { dataDir });
  expect([notes, server.controlPlane.calls]).toEqual([[], []]);
  expect(server.stops).toHaveLength(1);
});

it("is nobody's owner elsewhere: at another address, or with another data directory", async () => {
  const refused = { code: "unauthenticated" };
  const other = mkdtempSync(join(tmpdir(), "tidelock-other-"));
  await expect(stop(context(), { url: server.url, dataDir: other })).rejects.toMatchObject(refused);
  expect(server.stops).toEqual([]);
  rmSync(other, { recursive: true });
});
