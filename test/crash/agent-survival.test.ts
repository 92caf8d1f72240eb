import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connectAgent } from "../../src/agent/client.ts";
import { ensureAgent } from "../../src/agent/launch.ts";
import { identify, processStatus } from "../../src/agent/os/identity.ts";
import { findBreak } from "../../src/agent/journal/chain.ts";
import type { AgentState } from "../../src/agent/state/schema.ts";
import { removeTree } from "../../src/tree/remove-tree.ts";
import { layout } from "../../src/model/layout.ts";
import type { RouteSpec } from "../../src/ports/host-agent.ts";
import {
  aProcess,
  aSlot,
  aSpec,
  deployed,
  fence,
  freePort,
  getJson,
  storeServer,
  until,
  untilState,
} from "../support/agent-harness.ts";
import { AgentUnderTest, runs } from "../support/agent-process.ts";

let agent: AgentUnderTest;
beforeEach(async () => {
  agent = await AgentUnderTest.start();
});
afterEach(async () => {
  await agent.end();
});

async function startService(replicas = 1): Promise<{ pid: number; port: number }> {
  const artifact = await storeServer(agent.dataDir);
  const processes = { web: aProcess({ replicas }) };
  await deployed(agent.client, artifact, aSpec(artifact, { processes }));
  const seen = await untilState(agent.client, aSlot, "ready");
  const [first] = seen.instances;
  if (!first?.pid || !first.port) throw new Error("no instance");
  return { pid: first.pid, port: first.port };
}

async function openRoute(): Promise<{ port: number; route: RouteSpec }> {
  const port = await freePort();
  const route: RouteSpec = {
    lane: "shop/production",
    listen: `127.0.0.1:${port}`,
    tls: null,
    trustedProxies: [],
    limits: { headerBytes: 16_384, bodyBytes: 1_000_000 },
    weights: { blue: 100, green: 0 },
    drainMs: 1_000,
  };
  await agent.client.call("route.set", { fence: fence(1), operation: "route", route });
  return { port, route };
}

/** Changes the agent's state on disk while no agent runs. */
async function editState(change: (state: AgentState) => void): Promise<void> {
  const path = join(layout(agent.dataDir).agent, "state.json");
  const state = JSON.parse(await readFile(path, "utf8")) as AgentState;
  change(state);
  await writeFile(path, JSON.stringify(state));
}

test("a service whose unpacked release was removed is started again all the same", async () => {
  const { pid } = await startService();
  const { releases } = layout(agent.dataDir);
  await removeTree(releases);
  process.kill(pid, "SIGKILL");
  const seen = await until("it runs again", async () => {
    const now = await agent.client.call("slot.observe", { slot: aSlot });
    return now.state === "ready" && now.instances[0]?.pid !== pid && now;
  });
  expect(seen.instances[0]?.lastExit).not.toContain("ENOENT");
});

test("a release that was removed and cannot be unpacked again is named, not the program that starts it", async () => {
  const { pid } = await startService();
  const { releases, blobs } = layout(agent.dataDir);
  await removeTree(releases);
  await removeTree(blobs);
  process.kill(pid, "SIGKILL");
  const said = await until("it says why", async () => {
    const { instances } = await agent.client.call("slot.observe", { slot: aSlot });
    const last = instances[0]?.lastExit ?? "";
    return last.includes("removed") && last;
  });
  expect(said).toContain("the unpacked release was removed");
  expect(said).toContain(releases);
});

describe("a killed agent", () => {
  test("takes no service and no router along, and the next one adopts both", async () => {
    const { pid, port } = await startService();
    const { port: routed } = await openRoute();
    const before = await agent.client.call("route.read", { lane: "shop/production" });
    await agent.kill();
    expect(await getJson(port)).toMatchObject({ pid });
    expect(await getJson(routed)).toMatchObject({ pid });

    await agent.startAgain();
    const seen = await agent.client.call("slot.observe", { slot: aSlot });
    expect(seen).toMatchObject({ state: "ready", instances: [{ pid, port, restarts: 0 }] });
    const after = await agent.client.call("route.read", { lane: "shop/production" });
    expect(after.effective?.weights).toEqual({ blue: 100, green: 0 });
    // The same router process: it still counts the requests of before.
    const counted = after.effective?.colours.blue.requests ?? 0;
    expect(counted).toBeGreaterThan(before.effective?.colours.blue.requests ?? 0);
    expect(await getJson(routed)).toMatchObject({ pid });
  });

  test("never lets the router go without backends while the next one adopts", async () => {
    await startService(2);
    const { port: routed } = await openRoute();
    const answers: number[] = [];
    const enough = new AbortController();
    const client = (async () => {
      while (!enough.signal.aborted) {
        const response = await fetch(`http://127.0.0.1:${routed}/`).catch(() => null);
        await response?.text();
        answers.push(response?.status ?? 0);
      }
    })();
    await agent.kill();
    await agent.startAgain();
    await until("the adopted instances are probed", async () => {
      const seen = await agent.client.call("slot.observe", { slot: aSlot });
      return seen.state === "ready";
    });
    enough.abort();
    await client;
    expect(answers.length).toBeGreaterThan(20);
    expect(answers.filter((status) => status !== 200)).toEqual([]);
  });

  test("is followed by one that says loudly that its journal was altered meanwhile, and works on", async () => {
    const { pid } = await startService();
    const { entries } = await agent.client.call("journal.read", { after: 0, limit: 100 });
    expect(entries.length).toBeGreaterThan(2);
    await agent.kill();
    const folder = join(layout(agent.dataDir).agent, "journal");
    const [name = ""] = await readdir(folder);
    const text = await readFile(join(folder, name), "utf8");
    await writeFile(join(folder, name), text.replace('"kind":"deploy"', '"kind":"destroy"'));
    await agent.startAgain();
    const said = await until("it is in the journal", async () => {
      const read = await agent.client.call("journal.read", { after: entries.length, limit: 100 });
      return read.entries.find(({ kind }) => kind === "journal-altered");
    });
    const changed = entries.findIndex(({ kind }) => kind === "deploy");
    expect(said.detail).toMatchObject({ sequence: changed + 2 });
    const log = await readFile(join(layout(agent.dataDir).logs, "agent.log"), "utf8");
    expect(log).toContain("THE JOURNAL WAS ALTERED");
    const seen = await untilState(agent.client, aSlot, "ready");
    expect(seen.instances[0]?.pid).toBe(pid);
  });

  test("whose instance ends meanwhile has it started again by the next one", async () => {
    const { pid } = await startService();
    await agent.kill();
    process.kill(pid, "SIGKILL");
    await agent.startAgain();
    const seen = await untilState(agent.client, aSlot, "ready");
    expect(seen.instances[0]?.pid).not.toBe(pid);
  });

  test("leaves no process behind that is on nobody's record", async () => {
    await startService();
    await agent.kill();
    // As if it had been killed between the start of a process and the writing of its record.
    let orphan = 0;
    await editState((state) => {
      for (const instance of state.slots["shop/production/blue"]?.instances ?? []) {
        orphan = instance.identity?.pid ?? 0;
        instance.identity = null;
      }
    });
    expect(runs(orphan)).toBe(true);
    await agent.startAgain();
    const seen = await untilState(agent.client, aSlot, "ready");
    expect(runs(orphan)).toBe(false);
    expect(seen.instances[0]?.pid).not.toBe(orphan);
  });

  test("leaves no process of a slot behind that is on nobody's record", async () => {
    const { pid } = await startService();
    await agent.kill();
    await editState((state) => {
      state.slots = {};
    });
    await agent.startAgain();
    await until("the stray is gone", () => !runs(pid));
    expect((await agent.client.call("slot.list", {})).slots).toEqual([]);
  });

  test("finds an adopted service's exit by looking, and starts it again", async () => {
    const { pid } = await startService();
    await agent.kill();
    await agent.startAgain();
    process.kill(pid, "SIGKILL");
    const killedAt = performance.now();
    await until("the exit is seen", async () => {
      const seen = await agent.client.call("slot.observe", { slot: aSlot });
      return seen.instances[0]?.pid !== pid;
    });
    expect(performance.now() - killedAt).toBeLessThan(1_000);
    await untilState(agent.client, aSlot, "ready");
  });

  test("has written a journal that the next one continues without a break", async () => {
    await startService();
    await agent.kill();
    await agent.startAgain();
    const { entries } = await agent.client.call("journal.read", { after: 0, limit: 1_000 });
    const { publicKey } = await agent.client.info();
    expect(findBreak(entries, publicKey, null)).toBeNull();
    expect(entries.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(["start", "deploy", "instance-ready", "adopt"]),
    );
    const tampered = entries.map((entry) =>
      entry.kind === "deploy" ? { ...entry, detail: { ...entry.detail, release: "other" } } : entry,
    );
    expect(findBreak(tampered, publicKey, null)).toMatch(/not signed by this agent/);
    expect(findBreak(entries.toSpliced(1, 1), publicKey, null)).toMatch(/is missing/);
  });
});

describe("what a pid means", () => {
  test("a reused pid of a stale record is not adopted, and the stranger is left alone", async () => {
    const { pid } = await startService();
    await agent.kill();
    process.kill(pid, "SIGKILL");
    const stranger = spawn("sleep", ["60"], { detached: true, stdio: "ignore" });
    await once(stranger, "spawn");
    try {
      await editState((state) => {
        const [instance] = state.slots["shop/production/blue"]?.instances ?? [];
        if (instance?.identity) instance.identity.pid = stranger.pid ?? 0;
      });
      await agent.startAgain();
      const seen = await untilState(agent.client, aSlot, "ready");
      expect(seen.instances[0]?.pid).not.toBe(stranger.pid);
      expect(runs(stranger.pid ?? 0)).toBe(true);
    } finally {
      stranger.kill("SIGKILL");
    }
  });

  test("after a reboot nothing on record lives, even where number and start time agree", async () => {
    const { pid } = await startService(2);
    await openRoute();
    await agent.kill();
    // Another boot id is what a record of before a reboot has.
    const another = "11111111-2222-3333-4444-555555555555";
    await editState((state) => {
      const identities = [
        ...Object.values(state.slots).flatMap(({ instances }) => instances),
        ...Object.values(state.routers),
      ].flatMap(({ identity }) => identity ?? []);
      for (const identity of identities) identity.bootId = another;
    });
    const { agent: folder } = layout(agent.dataDir);
    const [lock = ""] = (await readdir(folder)).filter((name) => name.startsWith("agent.lock."));
    await writeFile(
      join(folder, lock),
      JSON.stringify({ ...identify(process.pid), bootId: another }),
    );
    await agent.startAgain();
    const seen = await untilState(agent.client, aSlot, "ready");
    expect(seen.instances).toHaveLength(2);
    expect(seen.instances.map((one) => one.pid)).not.toContain(pid);
    expect(runs(pid)).toBe(false);
    await until("traffic is back", async () => {
      const route = await agent.client.call("route.read", { lane: "shop/production" });
      return route.effective?.colours.blue.backends === 2;
    });
  });
});

describe("one agent a data directory", () => {
  test("many that start at once find one agent, and use it", async () => {
    const clients = await Promise.all(
      Array.from({ length: 5 }, () => ensureAgent(agent.dataDir, { name: "crowd" })),
    );
    const pids = await Promise.all(clients.map(async (client) => (await client.info()).pid));
    for (const client of clients) client.close();
    expect(new Set(pids).size).toBe(1);
  });

  test("many that start at once after a kill agree on one new agent", async () => {
    await agent.kill();
    const clients = await Promise.all(
      Array.from({ length: 5 }, () => ensureAgent(agent.dataDir, { name: "crowd" })),
    );
    const pids = await Promise.all(clients.map(async (client) => (await client.info()).pid));
    for (const client of clients) client.close();
    expect(new Set(pids).size).toBe(1);
    await agent.startAgain();
  });

  test("a second one says who holds the directory, and exits without touching anything", async () => {
    const child = spawn(process.execPath, ["src/agent/main.ts", "--data-dir", agent.dataDir]);
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    const [code] = (await once(child, "exit")) as [number];
    expect(code).toBe(75);
    expect(said).toContain(`pid ${await agent.pid()}`);
    expect((await agent.client.call("slot.list", {})).slots).toEqual([]);
  });
});

describe("the server's end", () => {
  test("a kill of the server's whole process group leaves the agent and its services", async () => {
    const dataDir = agent.dataDir;
    await agent.kill();
    const source = `
      import { ensureAgent } from ${JSON.stringify(new URL("../../src/agent/launch.ts", import.meta.url).href)};
      const agent = await ensureAgent(${JSON.stringify(dataDir)});
      console.log((await agent.info()).pid);
      setInterval(() => {}, 1000);
    `;
    const server = spawn(process.execPath, ["--input-type=module-typescript", "-e", source], {
      detached: true,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(server.stdout, "data")) as [Buffer];
    const pid = Number(line.toString());
    const own = processStatus(pid);
    expect(own).toMatchObject({ group: pid, session: pid });
    process.kill(-(server.pid ?? 0), "SIGKILL");
    await once(server, "exit");
    agent.client = connectAgent(dataDir);
    expect(await agent.pid()).toBe(pid);
    const { port } = await startService();
    expect(await getJson(port)).toMatchObject({ version: "1.0.0" });
  });
});

describe("a killed router", () => {
  async function routerPid(): Promise<number> {
    const path = join(layout(agent.dataDir).agent, "state.json");
    const state = JSON.parse(await readFile(path, "utf8")) as AgentState;
    return state.routers["production"]?.identity.pid ?? 0;
  }

  /** How long the router's program takes to load and end on this machine, as busy as it is now. */
  async function bareStartMs(): Promise<number> {
    const from = performance.now();
    const child = spawn(process.execPath, ["src/agent/router/main.ts"], { stdio: "ignore" });
    await once(child, "exit");
    return performance.now() - from;
  }

  /**
   * Kills the router and measures until it serves again, as often as three times: a second is the bound on
   * a machine that has a second to give. On a busier one it is what the bare program takes, and half a
   * second for everything around it.
   */
  async function isBackInTime(port: number): Promise<boolean> {
    for (let round = 0; round < 3; round += 1) {
      process.kill(await routerPid(), "SIGKILL");
      const from = performance.now();
      await until("the router serves again", async () => {
        const answer = await fetch(`http://127.0.0.1:${port}/`).catch(() => null);
        await answer?.text();
        return answer?.status === 200;
      });
      const took = performance.now() - from;
      if (took < Math.max(1_000, (await bareStartMs()) + 500)) return true;
    }
    return false;
  }

  test("is back within a second, with the same weights", async () => {
    await startService();
    const { port } = await openRoute();
    expect(await isBackInTime(port)).toBe(true);
    const route = await agent.client.call("route.read", { lane: "shop/production" });
    expect(route.effective?.weights).toEqual({ blue: 100, green: 0 });
  });

  test("is back within a second also when it was adopted", async () => {
    await startService();
    const { port } = await openRoute();
    await agent.kill();
    await agent.startAgain();
    expect(await isBackInTime(port)).toBe(true);
  });
});

test("shutting down leaves no process, no socket and no lock", async () => {
  const { pid } = await startService(2);
  await openRoute();
  const own = await agent.pid();
  await agent.client.call("agent.shutdown", { stopServices: true });
  await until("the agent is gone", () => !runs(own));
  expect(runs(pid)).toBe(false);
  const paths = layout(agent.dataDir);
  expect(existsSync(paths.agentSocket)).toBe(false);
  expect((await readdir(paths.agent)).filter((name) => name.includes("lock"))).toEqual([]);
  expect((await readdir(paths.agent)).filter((name) => name.startsWith("router-"))).toEqual([]);
});

test("leaving without its services lets them go on", async () => {
  const { pid, port } = await startService();
  const own = await agent.pid();
  await agent.client.call("agent.shutdown", { stopServices: false });
  await until("the agent is gone", () => !runs(own));
  expect(await getJson(port)).toMatchObject({ pid });
  await agent.startAgain();
  expect((await agent.client.call("slot.observe", { slot: aSlot })).instances[0]?.pid).toBe(pid);
});
