import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { findProgram } from "../../test/support/optional.ts";

const started = new Set<ChildProcess>();

/** Absolute path of a file of the repository. */
export function inRepository(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

export interface StartOptions {
  /** The core it may use; ignored where taskset is missing. */
  readonly core?: number;
  readonly env?: Record<string, string>;
  readonly stdout?: "ignore" | "pipe" | number;
}

/** Starts a program that this bench owns; `stopAll` ends what is left. */
export function start(argv: readonly string[], options: StartOptions = {}): ChildProcess {
  const pinned =
    options.core !== undefined && canPin()
      ? ["taskset", "-c", String(options.core), ...argv]
      : argv;
  const [program = "", ...rest] = pinned;
  const child = spawn(program, rest, {
    stdio: ["ignore", options.stdout ?? "ignore", "inherit"],
    env: { ...process.env, ...options.env },
  });
  started.add(child);
  child.once("exit", () => started.delete(child));
  return child;
}

export function canPin(): boolean {
  return findProgram("taskset") !== null;
}

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

export async function stopAll(): Promise<void> {
  await Promise.all([...started].map(stop));
}

/** User and system time that a process has used, in microseconds (Linux; NaN elsewhere). */
export function cpuMicroseconds(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    // Clock ticks are 10 ms on every Linux that Node runs on (USER_HZ).
    return (Number(fields[11]) + Number(fields[12])) * 10_000;
  } catch {
    return Number.NaN;
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** Waits until something listens. */
export async function untilListening(port: number, limitMs = 10_000): Promise<void> {
  const end = performance.now() + limitMs;
  for (;;) {
    const socket = connect(port, "127.0.0.1");
    const open = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
    });
    socket.destroy();
    if (open) return;
    if (performance.now() > end) throw new Error(`nothing listens on port ${port}`);
    await sleep(20);
  }
}
