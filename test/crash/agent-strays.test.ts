import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { processTable, uidsOf } from "../../src/agent/os/process-table.ts";
import type { Slot } from "../../src/model/primitives.ts";
import {
  aProcess,
  aSpec,
  deployed,
  fence,
  getJson,
  serverSource,
  slotOf,
  storeTree,
  until,
  untilState,
} from "../support/agent-harness.ts";
import { AgentUnderTest } from "../support/agent-process.ts";

/**
 * A service that keeps data runs under one number on both colours. What its old release leaves behind, with a
 * session and an environment of its own, must not live on beside the next one, nor after the last one.
 */
const isRoot = process.getuid?.() === 0 && process.platform === "linux";
const why = "only root on Linux can run services as other users";
const seconds = "86398";

const leavesDaemon = `
import { spawn } from "node:child_process";
spawn("setsid", ["-f", "env", "-i", "sleep", "${seconds}"], { stdio: "ignore" });
${serverSource}`;

let agent: AgentUnderTest;
beforeAll(async () => {
  agent = await AgentUnderTest.start();
});
afterAll(async () => {
  await agent.end();
});

async function start(slot: Slot, source: string, generation: string): Promise<number> {
  const artifact = await storeTree(agent.dataDir, [{ name: "server.mjs", content: source }]);
  const processes = { web: aProcess({ state: true }) };
  await deployed(agent.client, artifact, aSpec(artifact, { processes, slot, generation }));
  const { instances } = await untilState(agent.client, slot, "ready");
  return (await getJson<{ uid: number }>(instances[0]?.port ?? null)).uid;
}

async function destroy(slot: Slot): Promise<void> {
  const operation = `destroy/${slot.colour}`;
  await agent.client.call("slot.destroy", { fence: fence(1, slot), operation, slot });
}

function daemonsOf(user: number): readonly number[] {
  return processTable()
    .filter(({ pid }) => uidsOf(pid)?.includes(user) === true && commandOf(pid).includes(seconds))
    .map(({ pid }) => pid);
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

test("a daemon of the last release ends with it, though its number stays with its data", async (context) => {
  if (!isRoot) context.skip(why);
  const slot = slotOf("last");
  const user = await start(slot, leavesDaemon, "g1");
  await until("the daemon runs", () => daemonsOf(user).length > 0);
  await destroy(slot);
  expect(daemonsOf(user)).toEqual([]);
});

test("a daemon of the old colour ends when that colour does, and the new one's program goes on", async (context) => {
  if (!isRoot) context.skip(why);
  const [blue, green] = [slotOf("both", "blue"), slotOf("both", "green")];
  const user = await start(blue, leavesDaemon, "g1");
  await until("the daemon runs", () => daemonsOf(user).length > 0);
  expect(await start(green, serverSource, "g2")).toBe(user);
  await destroy(blue);
  expect(daemonsOf(user)).toEqual([]);
  const seen = await agent.client.call("slot.observe", { slot: green });
  expect(seen).toMatchObject({ state: "ready", instances: [{ restarts: 0 }] });
});
