import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type ProcessIdentity, identify } from "../os/identity.ts";

export interface SpawnRequest {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Numeric user and group; null: ours. Supplementary groups are dropped with it. */
  readonly user: number | null;
  /** Open file descriptor that takes standard output and error; null: thrown away. */
  readonly log: number | null;
  /** Descriptors that become 3, 4, … (systemd's socket activation). */
  readonly extra?: readonly number[];
}

export interface Spawned {
  readonly child: ChildProcess;
  /** Null when it had ended before we could look. */
  readonly identity: ProcessIdentity | null;
}

/**
 * Starts a program as the leader of its own session and process group, with nothing of ours: no
 * descriptor but the log, no variable, no terminal. It outlives us; its output goes straight to a file.
 */
export async function spawnDetached(request: SpawnRequest): Promise<Spawned> {
  const [file, ...args] = request.argv;
  if (file === undefined) throw new Error("an empty argv");
  const output = request.log ?? "ignore";
  const child = spawn(file, args, {
    cwd: request.cwd,
    env: { ...request.env },
    detached: true,
    stdio: ["ignore", output, output, ...(request.extra ?? [])],
    ...(request.user === null ? {} : { uid: request.user, gid: request.user }),
  });
  child.unref();
  // Without a listener a failed exec would end the agent; once() turns it into a rejection.
  await once(child, "spawn");
  child.on("error", () => undefined);
  return { child, identity: child.pid === undefined ? null : identify(child.pid) };
}

/** `exit code 1` or `SIGKILL`. */
export function describeExit(code: number | null, signal: NodeJS.Signals | null): string {
  return signal ?? (code === null ? "ended" : `exit code ${code}`);
}

/** The exit code of a child, once it has ended. */
export function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => child.once("exit", (code) => resolve(code)));
}
