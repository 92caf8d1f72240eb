import { spawn } from "node:child_process";
import { mkdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Layout } from "../../model/layout.ts";
import type { IsolationGrade } from "../../model/pipeline.ts";
import { closedFolders, prepareFolders } from "./folders.ts";
import { firstClosed, provideRuntime } from "./runtime.ts";
import { UserRegistry } from "./user-registry.ts";
import { userRange } from "./users.ts";

export interface Isolation {
  readonly grade: IsolationGrade;
  /** Why it is `none`, and what would change that. */
  readonly reason: string | null;
  /** Gives numeric users away; null with grade `none`. */
  readonly registry: UserRegistry | null;
}

const ProbeAnswer = z.object({
  uid: z.int(),
  /** What it could do and must not. */
  reached: z.array(z.string()),
  /** What it could not do and must. */
  blocked: z.array(z.string()),
});

const probeTimeout = 10_000;
const noRegistry = "neither /var/lib nor /run takes a note of who has which user";

/**
 * What a service would try. It runs inside a process of a service's user; its source travels in argv as
 * that user may not be able to read ours.
 */
const probeSource = `
const fs = require("node:fs");
const { closed, open, agent } = JSON.parse(process.argv[1]);
const reached = [], blocked = [];
const mayNot = (what, act) => { try { act(); reached.push(what); } catch {} };
for (const path of closed) {
  mayNot("list " + path, () => fs.readdirSync(path));
  mayNot("enter " + path, () => fs.accessSync(path, fs.constants.X_OK));
  mayNot("write into " + path, () => fs.accessSync(path, fs.constants.W_OK));
}
mayNot("read the agent's environment", () => fs.readFileSync("/proc/" + agent + "/environ"));
mayNot("signal the agent", () => process.kill(agent, 0));
for (const path of open) {
  try { fs.accessSync(path, fs.constants.X_OK); } catch { blocked.push(path); }
}
process.stdout.write(JSON.stringify({ uid: process.getuid(), reached, blocked }));
`;

/**
 * Opens the data directory just as far as other users need, then proves with a real process of such a
 * user that it reaches what it must and nothing that it must not. Only then is `separate-user` claimed
 * (law 13); in every other case the folders are closed again and the reason is given.
 */
export async function establishIsolation(paths: Layout, agentId: string): Promise<Isolation> {
  const registry = process.getuid?.() === 0 ? await UserRegistry.open(paths.root, agentId) : null;
  const reason = (await whyNot(paths)) ?? (registry === null ? noRegistry : null);
  if (reason === null) return { grade: "separate-user", reason: null, registry };
  await mkdir(paths.root, { recursive: true });
  await prepareFolders(paths, false);
  await provideRuntime(paths.runtime, false);
  return { grade: "none", reason, registry: null };
}

async function whyNot(paths: Layout): Promise<string | null> {
  if (process.platform === "win32" || process.getuid === undefined) {
    return "this system has no numeric users";
  }
  if (process.getuid() !== 0) {
    return "the agent does not run as root, so services and checks run as its own user";
  }
  await prepareFolders(paths, true);
  const root = await realpath(paths.root);
  const closed = await firstClosed(root);
  if (closed !== null) {
    return `${closed} is closed to other users: use a data directory that they can reach, e.g. /var/lib/tidelock`;
  }
  await provideRuntime(paths.runtime, true);
  for (const user of [userRange.service[0], userRange.check[0]]) {
    const failure = await probeAs(user, paths);
    if (failure !== null) return failure;
  }
  return null;
}

/** What a process of this user reaches and must not, or cannot reach and must; null when all is well. */
export async function probeAs(user: number, paths: Layout): Promise<string | null> {
  const node = join(paths.runtime, "node");
  const task = {
    closed: closedFolders(paths),
    open: [paths.root, paths.releases, paths.slots, paths.state, paths.checks, node],
    agent: process.pid,
  };
  const output = await run(node, ["-e", probeSource, JSON.stringify(task)], user);
  if (output === null) return `no process could be started as user ${user}`;
  const { uid, reached, blocked } = ProbeAnswer.parse(JSON.parse(output));
  if (uid !== user) return `a process started as user ${user} runs as ${uid}`;
  if (reached.length > 0) return `user ${user} could ${reached.join(", ")}`;
  if (blocked.length > 0) return `user ${user} cannot reach ${blocked.join(", ")}`;
  return null;
}

function run(file: string, args: readonly string[], user: number): Promise<string | null> {
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      uid: user,
      gid: user,
      cwd: "/",
      env: {},
      stdio: ["ignore", "pipe", "ignore"],
      timeout: probeTimeout,
      killSignal: "SIGKILL",
    });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    child.once("error", () => resolve(null));
    child.once("close", (code) => resolve(code === 0 ? output : null));
  });
}
