import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { buffer } from "node:stream/consumers";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { digestHex, layout } from "../../src/model/layout.ts";
import type { Process } from "../../src/model/pipeline.ts";
import { type Digest, type Fence, type Slot, laneKey } from "../../src/model/primitives.ts";
import type { HostAgent, SlotObservation, SlotSpec } from "../../src/ports/host-agent.ts";
import { packTree } from "../../src/tree/pack-tree.ts";
import { removeTree } from "../../src/tree/remove-tree.ts";
import { type AgentClient, connectAgent } from "../../src/agent/client.ts";
import { processStatus } from "../../src/agent/os/identity.ts";

export interface Packed {
  readonly digest: Digest;
  readonly size: number;
  readonly path: string;
}

export interface TreeFile {
  readonly name: string;
  readonly content: string;
  readonly mode?: number;
}

/** A fresh data directory that other users could reach, if its folders let them. */
export async function makeDataDir(): Promise<string> {
  return mkdtemp(join(tmpdir(), "tl-agent-"));
}

/** Stops everything that the agent runs, then the agent, then removes the folder. */
export async function tearDown(dataDir: string, agent: AgentClient | null): Promise<void> {
  agent?.close();
  // At once: there may be no agent any more.
  const last = connectAgent(dataDir, { connectTimeoutMs: 0 });
  const pid = await last.info().then(
    (info) => info.pid,
    () => null,
  );
  await last.call("agent.shutdown", { stopServices: true }).catch(() => undefined);
  last.close();
  if (pid !== null) await until("the agent is gone", () => processStatus(pid) === null);
  await removeTree(dataDir);
}

/** Puts a tree into the content store, as release intake would. */
export async function storeTree(dataDir: string, files: readonly TreeFile[]): Promise<Packed> {
  const folder = await mkdtemp(join(tmpdir(), "tl-tree-"));
  try {
    for (const file of files) {
      const path = join(folder, file.name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, file.content, { mode: file.mode ?? 0o644 });
    }
    return await storeBytes(dataDir, await buffer(packTree(folder)));
  } finally {
    await removeTree(folder);
  }
}

export async function storeBytes(dataDir: string, bytes: Buffer): Promise<Packed> {
  const digest: Digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  const hex = digestHex(digest);
  const path = join(layout(dataDir).blobs, "sha256", hex.slice(0, 2), hex.slice(2));
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(path, bytes, { mode: 0o600 });
  return { digest, size: bytes.length, path };
}

export const aSlot: Slot = { service: "shop", environment: "production", colour: "blue" };

/** A colour of a service of its own, for tests that share an agent. */
export function slotOf(service: string, colour: Slot["colour"] = "blue"): Slot {
  return { service, environment: "production", colour };
}

export function fence(epoch: number, slot: Slot = aSlot, incarnation = 1): Fence {
  return { lane: laneKey(slot), incarnation, epoch };
}

export function aProcess(change: Partial<Process> = {}): Process {
  return {
    command: ["node", "server.mjs"],
    port: "variable",
    router: "http",
    replicas: 1,
    ready: { kind: "http", path: "/", status: 200, interval: 100, timeout: 20_000 },
    stop: { signal: "SIGTERM", grace: 2_000 },
    state: false,
    resources: {},
    ...change,
  };
}

export function aSpec(artifact: Packed, change: Partial<SlotSpec> = {}): SlotSpec {
  return {
    slot: aSlot,
    release: `sha256:${"a".repeat(64)}`,
    releaseName: "shop@1.0.0",
    configuration: `sha256:${"c".repeat(64)}`,
    bindings: "live",
    generation: "g1",
    artifacts: [{ digest: artifact.digest, size: artifact.size }],
    processes: { web: aProcess() },
    environment: { delivery: "files", entries: {} },
    ...change,
  };
}

/** Answers with its version, pid and what it was given. */
export const serverSource = `
import { createServer } from "node:http";
import { readdirSync } from "node:fs";
const server = createServer((request, response) => {
  if (request.url === "/env") return response.end(JSON.stringify(process.env));
  response.end(JSON.stringify({
    pid: process.pid, uid: process.getuid(), version: process.env.TIDELOCK_VERSION,
    colour: process.env.TIDELOCK_COLOUR, cwd: process.cwd(),
  }));
});
server.listen(Number(process.env.PORT), "127.0.0.1", () => console.log("listening"));
process.on("SIGTERM", () => server.close(() => process.exit(0)));
`;

export function storeServer(dataDir: string, source: string = serverSource): Promise<Packed> {
  return storeTree(dataDir, [{ name: "server.mjs", content: source }]);
}

/** Deploys and waits until the slot has one of the states. */
export async function deployed(
  agent: HostAgent,
  artifact: Packed,
  spec: SlotSpec,
  epoch = 1,
): Promise<void> {
  await agent.call("artifact.ensure", artifact);
  await agent.call("slot.deploy", {
    fence: fence(epoch, spec.slot),
    operation: `op/${spec.generation}/${spec.slot.colour}/${epoch}`,
    spec,
  });
}

export async function untilState(
  agent: HostAgent,
  slot: Slot,
  ...states: SlotObservation["state"][]
): Promise<SlotObservation> {
  return until(`${laneKey(slot)} ${states.join("|")}`, async () => {
    const seen = await agent.call("slot.observe", { slot });
    return states.includes(seen.state) ? seen : null;
  });
}

/** Polls until there is an answer; fails with the description when there is none in time. */
export async function until<T>(
  what: string,
  look: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  limitMs = 15_000,
): Promise<T> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`waited ${limitMs} ms for: ${what}`);
    await sleep(20);
  }
}

export async function getJson<T>(port: number | null, path = "/"): Promise<T> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    signal: AbortSignal.timeout(5_000),
  });
  return (await response.json()) as T;
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
