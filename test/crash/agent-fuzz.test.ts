import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { resetInstances } from "../../src/checks/reset.ts";
import type { CheckContext } from "../../src/ports/check.ts";
import type { Slot } from "../../src/model/primitives.ts";
import {
  aProcess,
  aSpec,
  deployed,
  fence,
  slotOf,
  storeTree,
  until,
  untilState,
} from "../support/agent-harness.ts";
import { AgentUnderTest } from "../support/agent-process.ts";
import { checkContext } from "../support/check-context.ts";
import { described, fuzzWith } from "../support/fuzz.ts";

/** Keeps what it is given in its state folder, and shows it. */
const keeperSource = `
import { createServer } from "node:http";
import { appendFileSync, readFileSync, existsSync } from "node:fs";
const file = process.env.TIDELOCK_STATE_DIR + "/kept.txt";
createServer((request, response) => {
  if (request.method === "POST") appendFileSync(file, "x");
  response.end(JSON.stringify({ pid: process.pid, kept: existsSync(file) ? readFileSync(file, "utf8").length : 0 }));
}).listen(Number(process.env.PORT), "127.0.0.1");
`;

let agent: AgentUnderTest;
beforeAll(async () => {
  agent = await AgentUnderTest.start();
});
afterAll(async () => {
  await agent.end();
});

async function contextOf(slot: Slot): Promise<CheckContext & { readonly origin: string }> {
  const seen = await untilState(agent.client, slot, "ready");
  const origin = `http://127.0.0.1:${seen.instances[0]?.port}`;
  return {
    ...checkContext({ agent: agent.client, slot, fence: fence(1, slot), instances: [origin] }),
    origin,
  };
}

async function deployKeeper(service: string, bindings: "isolated" | "live"): Promise<Slot> {
  const slot = slotOf(service);
  const artifact = await storeTree(agent.dataDir, [{ name: "server.mjs", content: keeperSource }]);
  const processes = { web: aProcess({ state: true }) };
  await deployed(agent.client, artifact, aSpec(artifact, { slot, bindings, processes }));
  return slot;
}

const kept = async (origin: string, method = "GET") =>
  (await (await fetch(origin, { method })).json()) as {
    readonly pid: number;
    readonly kept: number;
  };

/** Resets a deployment of its own; whether it came back at its port. */
async function comesBackEmpty(service: string): Promise<boolean> {
  const context = await contextOf(await deployKeeper(service, "isolated"));
  await kept(context.origin, "POST");
  const before = await kept(context.origin, "POST");
  expect(before.kept).toBe(2);
  const [origin = "nowhere", ...others] = await resetInstances(context);
  expect(others).toEqual([]);
  const after = await kept(origin);
  expect(after.kept).toBe(0);
  expect(after.pid).not.toBe(before.pid);
  const proof = await agent.client.call("slot.prove", { slot: slotOf(service) });
  expect(proof.grade).toBe("bound");
  return origin === context.origin;
}

test("a reset starts the same deployment anew in place, at its port, with nothing kept", async () => {
  // In the moment in between another program of this machine may take the port; hardly three times.
  const services = ["keeper", "second-keeper", "third-keeper"];
  for (const service of services) if (await comesBackEmpty(service)) return;
  expect.unreachable("no deployment came back at its port");
});

test("a reset that the agent is killed in is done by the next agent", async () => {
  const slot = await deployKeeper("interrupted", "isolated");
  const context = await contextOf(slot);
  const { pid } = await kept(context.origin, "POST");
  const sent = agent.client
    .call("slot.reset", { fence: context.fence, operation: "reset/1", slot })
    .catch(() => undefined);
  await agent.kill();
  await sent;
  await agent.startAgain();
  await agent.client.call("slot.reset", { fence: context.fence, operation: "reset/2", slot });
  const again = await until("it answers with nothing kept", async () =>
    kept((await contextOf(slot)).origin).catch(() => null),
  );
  expect(again.kept).toBe(0);
  expect(again.pid).not.toBe(pid);
});

test("users' data is never reset", async () => {
  const slot = await deployKeeper("users", "live");
  const context = await contextOf(slot);
  await kept(context.origin, "POST");
  await expect(resetInstances(context)).rejects.toMatchObject({ code: "forbidden" });
  expect((await kept(context.origin)).kept).toBe(1);
});

test("a fuzzer sees a process end and memory grow, and goes on", async () => {
  const slot = slotOf("planted");
  const files = ["planted.ts", "planted-description.ts"].map((name) => ({
    name,
    content: readFileSync(join(import.meta.dirname, "../../bench/fuzz", name), "utf8"),
  }));
  const artifact = await storeTree(agent.dataDir, files);
  const command = ["node", "planted.ts", "{port}", "tags-object,kept-bodies"];
  const ready = {
    kind: "http",
    path: "/health",
    status: 200,
    interval: 100,
    timeout: 20_000,
  } as const;
  const processes = { web: aProcess({ command, ready }) };
  await deployed(
    agent.client,
    artifact,
    aSpec(artifact, { slot, bindings: "isolated", processes }),
  );
  const context = await contextOf(slot);
  const configuration = {
    openapi: described("/items", "/notes"),
    skip: ["transport", "random", "sequence"],
    limits: { memoryMb: 12, shrink: 3 },
  };
  const { findings, gaps } = await fuzzWith(context.origin, configuration, {
    ...context,
    timeoutMs: 110_000,
    signal: AbortSignal.timeout(110_000),
  });
  expect(gaps).toEqual([]);
  expect(findings.map(({ rule, operation }) => `${rule} ${operation}`).toSorted()).toEqual([
    "crash POST /items",
    "memory-growth POST /notes",
  ]);
  expect(findings.every(({ confirmed }) => confirmed)).toBe(true);
});
