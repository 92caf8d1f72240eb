import { spawn } from "node:child_process";
import { once } from "node:events";
import { openSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { type AgentClient, connectAgent } from "../../src/agent/client.ts";
import { findBreak } from "../../src/agent/journal/chain.ts";
import { removeTree } from "../../src/tree/remove-tree.ts";
import {
  aSpec,
  deployed,
  fence,
  getJson,
  slotOf,
  storeServer,
  until,
  untilState,
} from "../support/agent-harness.ts";
import { onSmallDisk } from "../support/small-disk.ts";

interface SmallAgent {
  readonly client: AgentClient;
  /** The small disk, as a process outside of its mount namespace sees it. */
  readonly dataDir: string;
  /** As the agent sees it. */
  readonly folder: string;
  end(): Promise<void>;
}

let agent: SmallAgent | null = null;
afterEach(async () => {
  await agent?.end();
  agent = null;
});

describe("a full disk", () => {
  test("refuses what is new, leaves what runs, loses no state, and all goes on when there is space", async (context) => {
    agent = await startOnSmallDisk(onSmallDisk, context);
    const { client, dataDir } = agent;
    const stored = await storeServer(dataDir);
    const artifact = { ...stored, path: stored.path.slice(stored.path.indexOf(agent.folder)) };
    const slot = slotOf("full");
    await deployed(client, artifact, aSpec(artifact, { slot }));
    const before = await untilState(client, slot, "ready");
    await until("the first entries are written", async () => {
      const { entries } = await client.call("journal.read", { after: 0, limit: 100 });
      return entries.some(({ kind }) => kind === "instance-ready");
    });

    await fill(dataDir);
    const refused = [
      client.call("lane.fence", { fence: fence(2, slot) }),
      client.call("slot.destroy", { fence: fence(1, slot), operation: "end", slot }),
      client.call("slot.deploy", {
        fence: fence(1, slot),
        operation: "again",
        spec: aSpec(artifact, { slot, generation: "again" }),
      }),
    ];
    for (const call of refused) await expect(call).rejects.toMatchObject({ code: "disk-full" });
    expect(await client.call("slot.observe", { slot })).toMatchObject({
      state: "ready",
      deployed: { generation: "g1" },
      instances: [{ pid: before.instances[0]?.pid }],
    });
    expect(await getJson(before.instances[0]?.port ?? 0)).toMatchObject({ version: "1.0.0" });
    const state = JSON.parse(await readFile(join(dataDir, "agent", "state.json"), "utf8")) as {
      slots: Record<string, { spec: { generation: string } }>;
    };
    expect(state.slots["full/production/blue"]?.spec.generation).toBe("g1");

    // Ending is nothing that a full disk delays: what runs for users is started again all the same.
    process.kill(before.instances[0]?.pid ?? 0, "SIGKILL");
    const again = await until("it runs again", async () => {
      const now = await client.call("slot.observe", { slot });
      return now.state === "ready" && now.instances[0]?.restarts === 1 ? now : null;
    });
    expect(await getJson(again.instances[0]?.port ?? 0)).toMatchObject({ version: "1.0.0" });

    await rm(join(dataDir, "ballast"));
    await client.call("lane.fence", { fence: fence(2, slot) });
    await client.call("slot.destroy", { fence: fence(2, slot), operation: "end", slot });
    expect(await client.call("slot.observe", { slot })).toMatchObject({ state: "empty" });
    const { entries } = await client.call("journal.read", { after: 0, limit: 100 });
    expect(findBreak(entries, (await client.info()).publicKey, null)).toBeNull();
  });
});

/** Uses up everything, the last byte included. */
async function fill(folder: string): Promise<void> {
  for (let size = 64 * 1024; size >= 1; size = Math.floor(size / 2)) {
    try {
      for (;;) await writeFile(join(folder, "ballast"), Buffer.alloc(size), { flag: "a" });
    } catch {
      // A smaller piece may still fit.
    }
  }
}

/** An agent whose data directory is a disk of a few megabytes. */
async function startOnSmallDisk(
  mount: typeof onSmallDisk,
  context: Parameters<typeof onSmallDisk>[0],
): Promise<SmallAgent> {
  const folder = await mkdtemp(join(tmpdir(), "tl-small-"));
  const argv = mount(context, folder, 8);
  const log = openSync(`${folder}.log`, "a");
  const program = [process.execPath, "src/agent/main.ts", "--data-dir", folder];
  const child = spawn(argv[0] ?? "", [...argv.slice(1), ...program], {
    stdio: ["ignore", log, log],
  });
  await once(child, "spawn");
  // unshare and sh replace themselves by the agent: the pid stays, and /proc leads into its namespace.
  const dataDir = join(`/proc/${child.pid}/root`, folder);
  const client = connectAgent(dataDir, { connectTimeoutMs: 10_000 });
  await client.info();
  return {
    client,
    dataDir,
    folder,
    end: async () => {
      const ended = once(child, "exit");
      await client.call("agent.shutdown", { stopServices: true }).catch(() => child.kill());
      client.close();
      await ended;
      await removeTree(folder);
      await rm(`${folder}.log`, { force: true });
    },
  };
}
