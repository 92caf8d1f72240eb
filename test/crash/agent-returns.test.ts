import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sendSignal } from "../../src/agent/os/process-table.ts";
import type { Slot } from "../../src/model/primitives.ts";
import type { JournalEntry, Params } from "../../src/ports/host-agent.ts";
import {
  type Packed,
  aSpec,
  deployed,
  fence,
  freePort,
  getJson,
  slotOf,
  storeServer,
  until,
  untilState,
} from "../support/agent-harness.ts";
import { AgentUnderTest } from "../support/agent-process.ts";

let agent: AgentUnderTest;
let artifact: Packed;
beforeAll(async () => {
  agent = await AgentUnderTest.start();
  artifact = await storeServer(agent.dataDir);
});
afterAll(async () => {
  await agent.end();
});

interface Lane {
  readonly blue: Slot;
  readonly green: Slot;
  readonly port: number;
  readonly key: string;
}

/** Blue ran before; green has just got the traffic. */
async function switched(service: string, greenSource?: string): Promise<Lane> {
  const blue = slotOf(service);
  const green: Slot = { ...blue, colour: "green" };
  const port = await freePort();
  const key = `${service}/production`;
  const next = greenSource === undefined ? artifact : await storeServer(agent.dataDir, greenSource);
  await deployed(agent.client, artifact, aSpec(artifact, { slot: blue }));
  await deployed(agent.client, next, aSpec(next, { slot: green, generation: "next" }));
  await untilState(agent.client, blue, "ready");
  await untilState(agent.client, green, "ready");
  const route = {
    lane: key,
    listen: `127.0.0.1:${port}`,
    tls: null,
    trustedProxies: [],
    limits: { headerBytes: 16_384, bodyBytes: 1_000_000 },
    weights: { blue: 0, green: 100 },
    drainMs: 100,
  };
  await agent.client.call("route.set", { fence: fence(1, blue), operation: "switch", route });
  return { blue, green, port, key };
}

async function arm(lane: Lane, change: Partial<Params<"return.arm">> = {}): Promise<void> {
  await agent.client.call("return.arm", {
    fence: fence(1, lane.blue),
    operation: "promotion-1/7/arm",
    lane: lane.key,
    to: "blue",
    forMs: 60_000,
    onControlLoss: "hold",
    controlLossMs: 1_000,
    ...change,
  });
}

/** Kills green's process again and again, as with a release that cannot live. Returns what ends that. */
function killGreen(lane: Lane): () => void {
  const enough = new AbortController();
  void (async () => {
    while (!enough.signal.aborted) {
      const seen = await agent.client.call("slot.observe", { slot: lane.green }).catch(() => null);
      const pid = seen?.instances[0]?.pid;
      if (pid) sendSignal(pid, "SIGKILL");
      await sleep(20);
    }
  })();
  return () => enough.abort();
}

async function weightsOf(lane: Lane): Promise<unknown> {
  return (await agent.client.call("route.read", { lane: lane.key })).effective?.weights;
}

async function returnsOf(lane: Lane): Promise<JournalEntry[]> {
  const { entries } = await agent.client.call("journal.read", { after: 0, limit: 1_000 });
  return entries.filter((entry) => entry.kind === "return" && entry.lane === lane.key);
}

test("an armed window returns the traffic when the new colour cannot live, and signs that", async () => {
  const lane = await switched("crashes");
  await arm(lane);
  expect(await getJson(lane.port)).toMatchObject({ colour: "green" });
  const stop = killGreen(lane);
  try {
    await until("traffic is back", async () => {
      const answer = await getJson<{ colour: string }>(lane.port).catch(() => null);
      return answer?.colour === "blue";
    });
    const [entry] = await until("it is written down", async () => {
      const entries = await returnsOf(lane);
      return entries.length > 0 ? entries : null;
    });
    expect(entry).toMatchObject({
      operation: "promotion-1/7/arm",
      detail: { from: "green", to: "blue", weights: { blue: 100, green: 0 } },
    });
    expect(String(entry?.detail["reason"])).toMatch(/green has no ready instance/);
  } finally {
    stop();
  }
  // It has returned once; it does not come and go.
  await sleep(1_000);
  expect(await returnsOf(lane)).toHaveLength(1);
  expect(await weightsOf(lane)).toEqual({ blue: 100, green: 0 });
});

test("without an armed window the traffic stays where the control plane put it", async () => {
  const lane = await switched("unarmed");
  const stop = killGreen(lane);
  await sleep(1_500);
  stop();
  expect(await weightsOf(lane)).toEqual({ blue: 0, green: 100 });
  expect(await returnsOf(lane)).toEqual([]);
});

test("a disarmed and an expired window return nothing", async () => {
  const disarmed = await switched("disarmed");
  await arm(disarmed);
  await agent.client.call("return.disarm", {
    fence: fence(1, disarmed.blue),
    operation: "disarm",
    lane: disarmed.key,
  });
  const expired = await switched("expired");
  await arm(expired, { forMs: 100 });
  await sleep(300);
  const stops = [killGreen(disarmed), killGreen(expired)];
  await sleep(1_500);
  for (const stop of stops) stop();
  expect(await weightsOf(disarmed)).toEqual({ blue: 0, green: 100 });
  expect(await weightsOf(expired)).toEqual({ blue: 0, green: 100 });
});

test("nothing is returned to a colour that could not answer", async () => {
  const lane = await switched("both-bad");
  await arm(lane);
  await agent.client.call("slot.destroy", {
    fence: fence(1, lane.blue),
    operation: "destroy",
    slot: lane.blue,
  });
  const stop = killGreen(lane);
  await sleep(1_500);
  stop();
  expect(await weightsOf(lane)).toEqual({ blue: 0, green: 100 });
});

test("a returned route stays returned when the operation that had moved it arrives again", async () => {
  const lane = await switched("again");
  await arm(lane);
  const stop = killGreen(lane);
  await until("traffic is back", async () => (await returnsOf(lane)).length === 1);
  stop();
  const { route } = await agent.client.call("route.read", { lane: lane.key });
  if (route === null) throw new Error("no route");
  await agent.client.call("route.set", {
    fence: fence(1, lane.blue),
    operation: "switch",
    route: { ...route, weights: { blue: 0, green: 100 } },
  });
  expect(await weightsOf(lane)).toEqual({ blue: 100, green: 0 });
});

test("the loss of every control plane returns the traffic, where that was asked for", async () => {
  const hold = await switched("holds");
  const back = await switched("returns");
  await arm(hold, { onControlLoss: "hold", controlLossMs: 600 });
  await arm(back, { onControlLoss: "return", controlLossMs: 600 });
  for (let beat = 0; beat < 8; beat += 1) {
    await agent.client.call("control.heartbeat", { server: "test" });
    await sleep(150);
  }
  expect(await weightsOf(back)).toEqual({ blue: 0, green: 100 });
  // Nobody speaks; only users do.
  await until("traffic is back", async () => {
    return (await getJson<{ colour: string }>(back.port)).colour === "blue";
  });
  expect(await getJson(hold.port)).toMatchObject({ colour: "green" });
  const [entry] = await until("it is written down", async () => {
    const entries = await returnsOf(back);
    return entries.length > 0 ? entries : null;
  });
  expect(String(entry?.detail["reason"])).toMatch(/no control plane was heard/);
});

test("a window armed before the agent was killed is kept by the next one", async () => {
  const lane = await switched("kept");
  await arm(lane);
  await agent.kill();
  await agent.startAgain();
  const stop = killGreen(lane);
  await until("traffic is back", async () => (await returnsOf(lane)).length === 1);
  stop();
  expect(await getJson(lane.port)).toMatchObject({ colour: "blue" });
});
