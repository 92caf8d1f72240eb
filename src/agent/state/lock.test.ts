import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { bootId, identify } from "../os/identity.ts";
import { lockAgent, lockHolder } from "./lock.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tl-lock-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

test("one holder at a time, and the next one after it gave the lock back", async () => {
  const unlock = await lockAgent(folder);
  await expect(lockAgent(folder)).rejects.toMatchObject({ code: "conflict" });
  await unlock();
  expect(await lockHolder(folder)).toBeNull();
  const again = await lockAgent(folder);
  await again();
});

test("of many that try at once exactly one gets it", async () => {
  for (let round = 0; round < 10; round += 1) {
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => lockAgent(folder)));
    const won = tries.filter((one) => one.status === "fulfilled");
    expect(won).toHaveLength(1);
    for (const one of won) await one.value();
  }
});

test("of many that take over from a dead one exactly one gets it", async () => {
  for (let round = 0; round < 10; round += 1) {
    await writeFile(
      join(folder, `agent.lock.${round * 10 + 3}`),
      JSON.stringify({ bootId: bootId(), pid: 2 ** 22 + 1, startTime: "1" }),
    );
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => lockAgent(folder)));
    const won = tries.filter((one) => one.status === "fulfilled");
    expect(won).toHaveLength(1);
    expect((await readdir(folder)).filter((name) => /lock\.\d+$/.test(name))).toHaveLength(1);
    for (const one of won) await one.value();
  }
});

test("a lock of a living pid with another start time or another boot is nobody's", async () => {
  const stranger = spawn("sleep", ["30"], { stdio: "ignore" });
  await once(stranger, "spawn");
  try {
    const identity = identify(stranger.pid ?? 0);
    const lies = [
      { ...identity, startTime: "1" },
      { ...identity, bootId: "another" },
    ];
    for (const [index, lie] of lies.entries()) {
      await writeFile(join(folder, `agent.lock.${index + 1}`), JSON.stringify(lie));
      const unlock = await lockAgent(folder);
      await unlock();
    }
    await writeFile(join(folder, "agent.lock.9"), JSON.stringify(identity));
    await expect(lockAgent(folder)).rejects.toMatchObject({
      message: expect.stringContaining(`pid ${stranger.pid}`) as string,
    });
  } finally {
    stranger.kill("SIGKILL");
  }
});
