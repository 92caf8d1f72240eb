import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { layout, slotDirectory } from "../../src/model/layout.ts";
import type { Slot } from "../../src/model/primitives.ts";
import { laneKey } from "../../src/model/primitives.ts";
import type { Fault, FaultObservation } from "../../src/ports/host-agent-faults.ts";
import { stateOf } from "../../src/agent/os/identity.ts";
import { environmentOf, processTable } from "../../src/agent/os/process-table.ts";
import {
  aProcess,
  aSpec,
  deployed,
  fence,
  freePort,
  getJson,
  type Packed,
  slotOf,
  storeServer,
  until,
  untilState,
} from "../support/agent-harness.ts";
import { AgentUnderTest } from "../support/agent-process.ts";

/** The rest takes a minute: `TIDELOCK_TEST_LONG=1`. */
const long = process.env["TIDELOCK_TEST_LONG"] === "1";
if (!long) console.warn("agent-faults: only the quick ones; all of them with TIDELOCK_TEST_LONG=1");
const longTest = test.runIf(long);

/** Asks its dependency on `/ask`, writes a kilobyte of state on `/write`, and has a child that only sleeps. */
const source = `
import { createServer } from "node:http";
import { spawn } from "node:child_process";
import { appendFileSync, readFileSync } from "node:fs";
const dir = process.env.TIDELOCK_CONFIG_DIR;
const state = process.env.TIDELOCK_STATE_DIR + "/log";
spawn("/bin/sleep", ["600"], { stdio: "ignore" });
createServer(async (request, response) => {
  try {
    if (request.url === "/ask") {
      const answer = await fetch("http://" + readFileSync(dir + "/UPSTREAM", "utf8"), { headers: { connection: "close" } });
      return response.end(JSON.stringify({ status: answer.status, text: await answer.text() }));
    }
    if (request.url === "/write") { appendFileSync(state, "x".repeat(4096)); return response.end("{}"); }
    response.end(JSON.stringify({ pid: process.pid, disk: readFileSync(dir + "/ROOM", "utf8") }));
  } catch (error) {
    response.writeHead(500).end(JSON.stringify({ error: error.cause?.code ?? error.code ?? String(error) }));
  }
}).listen(Number(process.env.PORT), "127.0.0.1");
process.on("SIGTERM", () => process.exit(0));
`;

let agent: AgentUnderTest;
let artifact: Packed;
let upstream: Server;
let upstreamPort = 0;
beforeAll(async () => {
  agent = await AgentUnderTest.start();
  artifact = await storeServer(agent.dataDir, source);
  upstream = createServer((_request, response) => response.end("bread"));
  upstream.listen(0, "127.0.0.1");
  await once(upstream, "listening");
  upstreamPort = (upstream.address() as AddressInfo).port;
});
afterAll(async () => {
  upstream.close();
  await agent.end();
});

async function start(
  service: string,
  {
    bindings = "isolated" as "isolated" | "live",
    colour = "blue" as Slot["colour"],
    replicas = 1,
  } = {},
) {
  const slot = slotOf(service, colour);
  const at = `127.0.0.1:${upstreamPort}`;
  const entries =
    bindings === "isolated"
      ? { UPSTREAM: `{fault.bakery=${at}}/`, ROOM: "{fault.disk=2m}" }
      : { UPSTREAM: `${at}/`, ROOM: "none" };
  const ready = { kind: "http" as const, path: "/", status: 200, interval: 100, timeout: 20_000 };
  await deployed(
    agent.client,
    artifact,
    aSpec(artifact, {
      slot,
      bindings,
      processes: { web: aProcess({ state: true, replicas, ready }) },
      environment: { delivery: "files", entries },
    }),
  );
  const seen = await untilState(agent.client, slot, "ready");
  return { slot, port: seen.instances[0]?.port ?? 0, pid: seen.instances[0]?.pid ?? 0 };
}

let count = 0;
function begin(slot: Slot, fault: Fault, forMs = 20_000): Promise<FaultObservation> {
  count += 1;
  const operation = `fault/${count}`;
  return agent.client.call("fault.begin", {
    fence: fence(1, slot),
    operation,
    slot,
    generation: "g1",
    fault,
    forMs,
  });
}
const end = (slot: Slot, { operation }: FaultObservation) =>
  agent.client.call("fault.end", { slot, operation });
const read = async (slot: Slot) => (await agent.client.call("fault.read", { slot })).fault;
const pause: Fault = { kind: "pause", instances: ["web-0"] };
const slow: Fault = { kind: "latency", dependency: "bakery", addMs: 300, jitterMs: 20, seed: 1 };

/** Processes of a slot's instances that stand still. */
function stopped(slot: Slot): readonly number[] {
  return processTable()
    .map(({ pid }) => pid)
    .filter((pid) => {
      const environment = environmentOf(pid);
      return environment?.get("TIDELOCK_SERVICE") === slot.service && stateOf(pid) === "T";
    });
}

function keepers(slot: Slot): readonly number[] {
  const mark = `keeper-${laneKey(slot)}/${slot.colour}`;
  return processTable()
    .map(({ pid }) => pid)
    .filter((pid) => environmentOf(pid)?.get("TIDELOCK_INSTANCE") === mark);
}

test("an instance that is killed on purpose is gone, and comes back without counting as a crash", async () => {
  const { slot, pid } = await start("killed");
  // More often than a crash loop is allowed to be.
  for (let round = 0; round < (long ? 6 : 2); round += 1) {
    const seen = await begin(slot, { kind: "kill", instances: ["web-0"] });
    expect(seen).toMatchObject({
      injected: true,
      active: false,
      ended: { how: "done", clean: true },
    });
    await until("it is back", async () => {
      const now = await agent.client.call("slot.observe", { slot });
      return now.state === "ready" && now.instances[0]?.pid !== null;
    });
  }
  const { instances } = await agent.client.call("slot.observe", { slot });
  expect(instances[0]?.pid).not.toBe(pid);
});

longTest("every process of a paused instance stands still, and goes on when asked", async () => {
  const { slot, port } = await start("paused");
  const seen = await begin(slot, pause);
  expect(seen).toMatchObject({ injected: true, active: true });
  expect(stopped(slot).length).toBeGreaterThanOrEqual(2);
  await expect(getJsonSoon(port)).rejects.toThrow();
  expect(await end(slot, seen)).toMatchObject({
    active: false,
    ended: { how: "asked", clean: true },
  });
  expect(stopped(slot)).toEqual([]);
  expect(await getJson(port)).toHaveProperty("pid");
  await until("its keeper is gone", () => keepers(slot).length === 0);
  // Asked for again it answers the same.
  expect(await end(slot, seen)).toMatchObject({ ended: { how: "asked" } });
});

longTest("a fault is undone at its deadline, although nobody asks", async () => {
  const { slot, port } = await start("deadline");
  await begin(slot, pause, 400);
  await until("it goes on", () => stopped(slot).length === 0);
  expect(await getJson(port)).toHaveProperty("pid");
  expect(await until("it is noted", async () => (await read(slot))?.ended)).toMatchObject({
    how: "deadline",
  });
});

test("an agent that was killed in mid-fault undoes it when it is back", async () => {
  const { slot, port, pid } = await start("returned");
  await begin(slot, pause, 60_000);
  await agent.kill();
  expect(stopped(slot).length).toBeGreaterThan(0);
  await agent.startAgain();
  expect(stopped(slot)).toEqual([]);
  expect(await getJson(port)).toMatchObject({ pid });
  expect(await read(slot)).toMatchObject({ ended: { how: "agent-returned", clean: true } });
  expect(keepers(slot)).toEqual([]);
});

longTest("what was paused goes on at its deadline although the agent stays away", async () => {
  const { slot, port } = await start("orphaned");
  await begin(slot, pause, 600);
  await agent.kill();
  await until("its keeper lets it go on", () => stopped(slot).length === 0);
  expect(await getJson(port)).toHaveProperty("pid");
  await agent.startAgain();
});

test("a dependency is slow by what was asked for, measured, and as fast as before afterwards", async () => {
  const { slot, port } = await start("slow");
  expect(await getJson(port, "/ask")).toEqual({ status: 200, text: "bread" });
  const seen = await begin(slot, slow);
  const before = performance.now();
  expect(await getJson(port, "/ask")).toMatchObject({ status: 200 });
  expect(performance.now() - before).toBeGreaterThanOrEqual(280);
  const relay = (await read(slot))?.relay;
  expect(relay?.delayed).toBeGreaterThanOrEqual(1);
  expect(relay?.leastMs).toBeGreaterThanOrEqual(280);
  const over = await end(slot, seen);
  expect(over).toMatchObject({ ended: { clean: true }, relay: { delayed: relay?.delayed } });
  const again = performance.now();
  await getJson(port, "/ask");
  expect(performance.now() - again).toBeLessThan(250);
});

longTest(
  "a dependency resets connections, or answers with an error, at the share that was asked for",
  async () => {
    const { slot, port } = await start("cut");
    const fault = { kind: "error" as const, dependency: "bakery", seed: 7, status: 503 };
    const cut = await begin(slot, { ...fault, how: "reset", share: 1 });
    expect(await getJson(port, "/ask")).toHaveProperty("error");
    expect((await end(slot, cut)).relay?.resets).toBeGreaterThanOrEqual(1);
    const half = await begin(slot, { ...fault, how: "status", share: 0.5 });
    const statuses: number[] = [];
    for (let round = 0; round < 40; round += 1) {
      statuses.push((await getJson<{ status: number }>(port, "/ask")).status);
    }
    const bad = statuses.filter((status) => status === 503).length;
    expect(bad).toBeGreaterThan(5);
    expect(bad).toBeLessThan(35);
    expect((await end(slot, half)).relay?.statuses).toBe(bad);
    expect(await getJson(port, "/ask")).toMatchObject({ status: 200 });
  },
);

longTest("a relay ends its fault by itself when server and agent are gone", async () => {
  const { slot, port } = await start("relay-alone");
  await begin(slot, slow, 700);
  await agent.kill();
  await until("it is fast again", async () => {
    const before = performance.now();
    const answer = await getJson<{ status: number }>(port, "/ask");
    return answer.status === 200 && performance.now() - before < 200;
  });
  await agent.startAgain();
  expect(await read(slot)).toMatchObject({ ended: { clean: true } });
  expect(await getJson(port, "/ask")).toMatchObject({ status: 200 });
});

longTest("the disk of the state is really full, and has room again afterwards", async (context) => {
  const { slot, port } = await start("full");
  const offers = await agent.client.call("fault.offers", { slot });
  if (process.getuid?.() !== 0) {
    expect(offers.disk.impossible).toMatch(/root/);
    context.skip("only root has disks to fill");
  }
  expect(offers).toMatchObject({
    refused: null,
    disk: { bytes: 2 * 1024 * 1024, impossible: null },
  });
  expect(await getJson(port)).toMatchObject({ disk: String(2 * 1024 * 1024) });
  expect(await getJson(port, "/write")).toEqual({});
  const seen = await begin(slot, { kind: "disk-full" });
  expect(seen).toMatchObject({ injected: true, evidence: "the disk has no byte left" });
  expect(await getJson(port, "/write")).toEqual({ error: "ENOSPC" });
  await agent.kill();
  expect(await getJson(port, "/write")).toEqual({ error: "ENOSPC" });
  await agent.startAgain();
  expect(await read(slot)).toMatchObject({ ended: { how: "agent-returned", clean: true } });
  expect(await getJson(port, "/write")).toEqual({});
  await agent.client.call("slot.destroy", { fence: fence(1, slot), operation: "end", slot });
  const folder = slotDirectory(layout(agent.dataDir), slot);
  expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(folder);
});

test("users' colours are never injured: not by their bindings, not by their share, not by what may return to them", async () => {
  const live = await start("live", { bindings: "live" });
  await expect(begin(live.slot, pause)).rejects.toMatchObject({ code: "forbidden" });
  const one = await start("shared-out");
  await agent.client.call("route.set", {
    fence: fence(1, one.slot),
    operation: "route",
    route: {
      lane: laneKey(one.slot),
      listen: `127.0.0.1:${await freePort()}`,
      tls: null,
      trustedProxies: [],
      limits: { headerBytes: 16_384, bodyBytes: 1_000_000 },
      weights: { blue: 1, green: 99 },
      drainMs: 0,
    },
  });
  await expect(begin(one.slot, pause)).rejects.toMatchObject({
    code: "forbidden",
    message: expect.stringContaining("1 % of the traffic") as string,
  });
  expect(stopped(live.slot).length + stopped(one.slot).length).toBe(0);
});

longTest("a colour that is about to get traffic is healed first", async () => {
  const { slot } = await start("switched");
  const seen = await begin(slot, pause);
  await agent.client.call("route.set", {
    fence: fence(2, slot),
    operation: "route",
    route: {
      lane: laneKey(slot),
      listen: `127.0.0.1:${await freePort()}`,
      tls: null,
      trustedProxies: [],
      limits: { headerBytes: 16_384, bodyBytes: 1_000_000 },
      weights: { blue: 100, green: 0 },
      drainMs: 0,
    },
  });
  expect(stopped(slot)).toEqual([]);
  expect(await read(slot)).toMatchObject({ operation: seen.operation, ended: { how: "replaced" } });
});

longTest(
  "an emptied colour ends at once although it was paused, and nothing of the fault is left",
  async () => {
    const { slot, pid } = await start("emptied");
    await begin(slot, pause);
    await agent.client.call("slot.destroy", { fence: fence(1, slot), operation: "end", slot });
    expect(stateOf(pid)).toBe(null);
    expect(await read(slot)).toBe(null);
  },
);

test("an older fence injures nothing, and neither does a fault beside another or one that is not offered", async () => {
  const { slot } = await start("fenced");
  await agent.client.call("lane.fence", { fence: fence(5, slot) });
  await expect(begin(slot, pause)).rejects.toMatchObject({ code: "stale-epoch" });
  const now = (fault: Fault, operation: string, generation = "g1") =>
    agent.client.call("fault.begin", {
      fence: fence(5, slot),
      operation,
      slot,
      generation,
      fault,
      forMs: 20_000,
    });
  await expect(now(pause, "a", "g2")).rejects.toMatchObject({ code: "conflict" });
  await expect(now({ ...slow, dependency: "butcher" } as Fault, "b")).rejects.toMatchObject({
    code: "unsupported",
  });
  await expect(now({ kind: "kill", instances: ["web-7"] }, "c")).rejects.toMatchObject({
    code: "unavailable",
  });
  const first = await now(pause, "d");
  await expect(now(slow, "e")).rejects.toMatchObject({ code: "conflict" });
  // The same once more is answered, not done again.
  expect(await now(pause, "d")).toMatchObject({ operation: "d", active: true });
  await end(slot, first);
});

async function getJsonSoon(port: number): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(500) });
  return response.json();
}
