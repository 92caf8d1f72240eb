import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { openSync } from "node:fs";
import { type AgentClient, connectAgent } from "../../src/agent/client.ts";
import { ensureAgent } from "../../src/agent/launch.ts";
import { identify, isAlive } from "../../src/agent/os/identity.ts";
import { makeDataDir, tearDown, until } from "./agent-harness.ts";

/** A data directory with an agent of its own, which a test may kill and start again. */
export class AgentUnderTest {
  readonly dataDir: string;
  client: AgentClient;

  private constructor(dataDir: string, client: AgentClient) {
    this.dataDir = dataDir;
    this.client = client;
  }

  static async start(dataDir?: string): Promise<AgentUnderTest> {
    const folder = dataDir ?? (await makeDataDir());
    return new AgentUnderTest(folder, await ensureAgent(folder, { name: "test" }));
  }

  async pid(): Promise<number> {
    return (await this.client.info()).pid;
  }

  /** SIGKILL, and nothing is started in its place. */
  async kill(): Promise<void> {
    const identity = identify(await this.pid());
    this.client.close();
    if (identity === null) return;
    process.kill(identity.pid, "SIGKILL");
    await until("the agent is gone", () => !isAlive(identity));
  }

  async startAgain(): Promise<void> {
    this.client = await ensureAgent(this.dataDir, { name: "test" });
  }

  async end(): Promise<void> {
    await tearDown(this.dataDir, this.client);
  }
}

/** An agent of another user, as a child of the test. */
export async function startAgentAs(
  user: number,
  dataDir: string,
): Promise<{ child: ChildProcess; client: AgentClient }> {
  const log = openSync(`${dataDir}.log`, "a", 0o600);
  const child = spawn(process.execPath, ["src/agent/main.ts", "--data-dir", dataDir], {
    uid: user,
    gid: user,
    env: { PATH: process.env["PATH"] ?? "" },
    stdio: ["ignore", log, log],
  });
  await once(child, "spawn");
  const client = connectAgent(dataDir, { connectTimeoutMs: 10_000 });
  await client.info();
  return { child, client };
}

/** Whether a process runs, and is no zombie. */
export function runs(pid: number): boolean {
  return identify(pid) !== null;
}
