import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { TidelockError } from "../model/errors.ts";
import { layout } from "../model/layout.ts";
import { type AgentClient, type AgentClientOptions, connectAgent } from "./client.ts";
import { lockedExitCode } from "./exit-codes.ts";
import { compileCache } from "./os/compile-cache.ts";

export interface LaunchOptions extends AgentClientOptions {
  /** How long a new agent may take until it answers. Milliseconds. */
  readonly startTimeoutMs?: number;
}

/**
 * Connects to the agent of a data directory, starting one when none answers. The new agent leads its own
 * session, inherits no file and no variable, and writes to `logs/agent.log`: killing this process, its
 * group or its terminal leaves it alone. Whether the machine honours that is in `hello`'s `outlivesServer`.
 *
 * @throws TidelockError `unavailable` with the end of the agent's log when it does not come up.
 */
export async function ensureAgent(
  dataDir: string,
  options: LaunchOptions = {},
): Promise<AgentClient> {
  if (await answers(dataDir)) return connectAgent(dataDir, options);
  const limit = options.startTimeoutMs ?? 15_000;
  const deadline = performance.now() + limit;
  const logFile = join(layout(dataDir).logs, "agent.log");
  let child = startAgent(dataDir, logFile);
  while (performance.now() < deadline) {
    if (await answers(dataDir)) return connectAgent(dataDir, options);
    const exit = child.exitCode();
    // Somebody else started one at the same moment, or an old one is just leaving: look again.
    if (exit === lockedExitCode) child = { exitCode: () => null };
    else if (exit !== null) throw notUp(logFile, `it ended with ${exit}`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  throw notUp(logFile, `it did not answer in ${limit} ms`);
}

/**
 * Connects to the agent that a supervisor keeps (systemd, see deploy/), waiting for it and never starting
 * one: an agent that the server started would live and die in the server's unit.
 *
 * @throws TidelockError `unavailable` when none answers in time
 */
export async function awaitAgent(
  dataDir: string,
  options: LaunchOptions = {},
): Promise<AgentClient> {
  const limit = options.startTimeoutMs ?? 15_000;
  const deadline = performance.now() + limit;
  while (performance.now() < deadline) {
    if (await answers(dataDir)) return connectAgent(dataDir, options);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new TidelockError("unavailable", `no host agent answers in ${limit} ms`, {
    retryable: true,
    where: layout(dataDir).agentSocket,
    hint: "start it (`systemctl start tidelock-agent`, `tidelock agent start`), or start the server without `--agent wait`",
  });
}

async function answers(dataDir: string): Promise<boolean> {
  const probe = connectAgent(dataDir, { name: "launch", connectTimeoutMs: 0 });
  try {
    await probe.info();
    return true;
  } catch (error) {
    if (error instanceof TidelockError && error.code === "incompatible") throw error;
    return false;
  } finally {
    probe.close();
  }
}

interface Started {
  exitCode(): number | null;
}

function startAgent(dataDir: string, logFile: string): Started {
  const paths = layout(dataDir);
  mkdirSync(paths.root, { recursive: true });
  mkdirSync(paths.logs, { recursive: true, mode: 0o700 });
  const log = openSync(logFile, "a", 0o600);
  // Beside this file, in the form it runs in: .ts in the repository, .js in the package.
  const main = fileURLToPath(new URL(`./main${extname(import.meta.url)}`, import.meta.url));
  const argv = [main, "--data-dir", paths.root, "--started-by", String(process.pid)];
  const child = spawn(process.execPath, argv, {
    detached: true,
    cwd: "/",
    stdio: ["ignore", log, log],
    env: { ...agentEnvironment(), ...compileCache(paths) },
  });
  closeSync(log);
  let code: number | null = null;
  child.once("exit", (exit) => {
    code = exit ?? 1;
  });
  child.once("error", () => {
    code = 1;
  });
  child.unref();
  return { exitCode: () => code };
}

/** What an agent needs of ours and nothing else: tokens and secrets in our environment are not its business. */
function agentEnvironment(): NodeJS.ProcessEnv {
  const kept = ["PATH", "HOME", "LANG", "TZ", "XDG_RUNTIME_DIR", "TMPDIR", "container"];
  return Object.fromEntries(
    kept.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function notUp(logFile: string, why: string): TidelockError {
  return new TidelockError("unavailable", `the host agent did not come up: ${why}`, {
    where: logFile,
    hint: lastLines(logFile) || "its log is empty",
  });
}

function lastLines(file: string): string {
  try {
    return readFileSync(file, "utf8").trimEnd().split("\n").slice(-5).join("\n");
  } catch {
    return "";
  }
}
