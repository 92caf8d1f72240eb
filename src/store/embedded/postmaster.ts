import { spawn } from "node:child_process";
import { closeSync, existsSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { TidelockError } from "../../model/errors.ts";
import {
  commandLine,
  identifyProcess,
  isRunning,
  type ProcessIdentity,
} from "../process-identity.ts";
import { type Account, spawnIdentity } from "./account.ts";
import type { Binaries } from "./binaries.ts";
import { programEnvironment } from "./cluster.ts";
import { type Folders, socketPort } from "./folders.ts";

/** The database's main process. All functions here are called under the database's lock. */
export interface Postmaster {
  readonly identity: ProcessIdentity;
  /** Where its socket really is: whoever started it may have had another run directory than we. */
  readonly socketFolder: string;
  /** As PostgreSQL writes it into postmaster.pid. */
  readonly status: "starting" | "stopping" | "ready" | "standby" | "unknown";
}

/** Crash recovery replays the log since the last checkpoint; minutes on a slow disk, never hours. */
const startLimitMs = 300_000;
const stopLimitMs = 60_000;
const leftoversLimitMs = 30_000;
/** Above the largest pid that Linux (4,194,304) or macOS (99,998) gives to a process. */
const impossiblePid = "999999999";

/**
 * The running postmaster of this cluster, whoever started it. The file alone proves nothing (it stays
 * after a power cut, and its pid is then somebody else's): the process must also have been started on
 * this data directory.
 */
export function findPostmaster(where: Folders): Postmaster | undefined {
  let lines: string[];
  try {
    lines = readFileSync(join(where.data, "postmaster.pid"), "utf8").split("\n");
  } catch {
    return undefined;
  }
  const pid = Number(lines[0]);
  if (!Number.isSafeInteger(pid) || pid <= 1) return undefined;
  const identity = identifyProcess(pid);
  if (!identity || !servesFolder(pid, where.data)) return undefined;
  const word = lines[7]?.trim() ?? "";
  const known = ["starting", "stopping", "ready", "standby"] as const;
  const socketFolder = lines[4] || where.run;
  return { identity, socketFolder, status: known.find((status) => status === word) ?? "unknown" };
}

function servesFolder(pid: number, data: string): boolean {
  const argv = commandLine(pid);
  return argv !== undefined && argv.join(" ").includes(` -D ${data} `);
}

/**
 * Starts PostgreSQL in a session of its own, so that neither Ctrl-C nor a kill of our process group
 * reaches it, and waits until it accepts connections.
 */
export async function startPostmaster(
  where: Folders,
  account: Account,
  binaries: Binaries,
): Promise<Postmaster> {
  disownStalePid(where);
  const deadline = Date.now() + startLimitMs;
  const leftoversDeadline = Date.now() + leftoversLimitMs;
  for (;;) {
    const attempt = await startOnce(where, account, binaries, deadline);
    if (attempt.kind === "ready") return attempt.postmaster;
    // Processes of a killed postmaster end by themselves; PostgreSQL rightly refuses until they have.
    const leftovers = attempt.output.includes("shared memory block");
    if (!leftovers || Date.now() > leftoversDeadline) throw startFailure(attempt, where);
    await sleep(200);
  }
}

/**
 * PostgreSQL refuses to start when the pid in a stale file has been reused by another process of the
 * user. The file also names the shared memory by which it notices survivors of a killed postmaster, so
 * it must stay: only its pid is replaced, by one that no system hands out.
 */
function disownStalePid(where: Folders): void {
  const path = join(where.data, "postmaster.pid");
  if (!existsSync(path)) return;
  const handle = openSync(path, "r+");
  try {
    const [, ...rest] = readFileSync(handle, "utf8").split("\n");
    const text = [impossiblePid, ...rest].join("\n");
    writeSync(handle, text, 0);
    ftruncateSync(handle, Buffer.byteLength(text));
  } finally {
    closeSync(handle);
  }
}

type Attempt =
  | { readonly kind: "ready"; readonly postmaster: Postmaster }
  | { readonly kind: "failed"; readonly reason: string; readonly output: string };

async function startOnce(
  where: Folders,
  account: Account,
  binaries: Binaries,
  deadline: number,
): Promise<Attempt> {
  const output = join(where.log, "start.log");
  const log = openSync(output, "w", 0o600);
  try {
    const child = spawn(binaries.postgres, serverArguments(where), {
      ...spawnIdentity(account),
      cwd: where.data,
      env: programEnvironment,
      detached: true,
      stdio: ["ignore", log, log],
    });
    let ended: string | undefined;
    child.once("error", (error) => (ended = error.message));
    child.once("exit", (code, signal) => (ended = signal ?? `exit code ${code}`));
    child.unref();
    for (;;) {
      const found = findPostmaster(where);
      if (found?.status === "ready") return { kind: "ready", postmaster: found };
      if (Date.now() > deadline) ended ??= "it did not become ready";
      if (ended !== undefined) {
        return { kind: "failed", reason: ended, output: readFileSync(output, "utf8") };
      }
      await sleep(15);
    }
  } finally {
    closeSync(log);
  }
}

function serverArguments(where: Folders): string[] {
  const settings: Record<string, string | number> = {
    listen_addresses: "",
    port: socketPort,
    unix_socket_directories: where.run,
    unix_socket_permissions: "0700",
    max_connections: 100,
    // Law 1 leans on these; they are PostgreSQL's defaults and stated so that no file turns them off.
    fsync: "on",
    full_page_writes: "on",
    synchronous_commit: "on",
    // Microseconds. With more than five transactions under way the first to commit waits for others to share its sync:
    // a tenth more commits with 32 writers, and nothing lost or later for few.
    commit_delay: 400,
    // The collector is a child of the postmaster, so the log outlives the server that started it.
    logging_collector: "on",
    log_directory: where.log,
    log_filename: "postgres-%a.log",
    log_truncate_on_rotation: "on",
    log_rotation_age: "1d",
    log_rotation_size: 0,
    log_timezone: "UTC",
    timezone: "UTC",
    // Statements of ours may carry ciphertext; they stay out of the log.
    log_min_error_statement: "panic",
    password_encryption: "scram-sha-256",
  };
  return [
    "-D",
    where.data,
    ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
  ];
}

function startFailure(attempt: Attempt & { kind: "failed" }, where: Folders): TidelockError {
  const text = attempt.output.trim().split("\n").slice(-4).join("; ");
  const full = text.includes("No space left on device");
  return new TidelockError(
    full ? "disk-full" : "unavailable",
    `the embedded database did not start (${attempt.reason})${text ? `: ${text}` : ""}`,
    {
      where: where.data,
      hint: full ? "free some disk space, then start again" : `its log is in ${where.log}`,
    },
  );
}

/** Waits for a postmaster that somebody else started. Undefined when it ends instead. */
export async function awaitReady(where: Folders): Promise<Postmaster | undefined> {
  const deadline = Date.now() + startLimitMs;
  while (Date.now() < deadline) {
    const found = findPostmaster(where);
    if (!found || found.status === "ready") return found;
    await sleep(50);
  }
  throw new TidelockError("timeout", "the running embedded database does not become ready", {
    where: where.data,
    hint: `its log is in ${where.log}`,
  });
}

/** A fast shutdown (open transactions are rolled back); an immediate one, which is crash-safe, if it hangs. */
export async function stopPostmaster(where: Folders): Promise<void> {
  const found = findPostmaster(where);
  if (!found) return;
  for (const signal of ["SIGINT", "SIGQUIT", "SIGKILL"] as const) {
    signalProcess(found.identity, signal);
    const deadline = Date.now() + stopLimitMs;
    while (Date.now() < deadline) {
      if (!isRunning(found.identity)) return;
      await sleep(15);
    }
  }
  throw new TidelockError(
    "timeout",
    `the embedded database (pid ${found.identity.pid}) does not end`,
    {
      where: where.data,
    },
  );
}

function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  try {
    if (isRunning(identity)) process.kill(identity.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
