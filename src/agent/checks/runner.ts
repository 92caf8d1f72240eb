import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { writeDurably } from "../os/durable.ts";
import { identify } from "../os/identity.ts";
import { familyOf, killUser, sendSignal } from "../os/process-table.ts";
import { type RunFiles, type RunResult, RunTask, filesOf } from "./run-files.ts";

/**
 * `node runner.ts <folder of a run>`: runs the programs of one check in a session of their own, keeps what
 * they write up to a limit, ends them when their time is up, and writes how they ended in one step. It
 * outlives the agent; the check cannot reach it, as it runs as another user wherever that is possible.
 */

/** Between the polite signal and the other one. Milliseconds. */
const graceMs = 2_000;

async function main(directory: string): Promise<void> {
  const files = filesOf(dirname(directory), basename(directory));
  await writeDurably(files.runner, JSON.stringify(identify(process.pid)));
  const task = RunTask.parse(JSON.parse(readFileSync(files.task, "utf8")));
  // It may hold what a program is given in confidence; from here on it is in memory only.
  rmSync(files.task);
  const run = new Run(task, files);
  process.on("SIGTERM", () => run.stop());
  process.on("SIGHUP", () => undefined);
  await writeDurably(files.result, JSON.stringify(await run.toEnd()));
}

class Run {
  readonly #task: RunTask;
  readonly #output: { readonly stdout: Kept; readonly stderr: Kept };
  readonly #startedMono = performance.now();
  #child: ChildProcess | null = null;
  #timedOut = false;
  #stopped = false;

  constructor(task: RunTask, files: RunFiles) {
    this.#task = task;
    this.#output = {
      stdout: new Kept(files.stdout, task.outputBytes),
      stderr: new Kept(files.stderr, task.outputBytes),
    };
  }

  async toEnd(): Promise<RunResult> {
    const timer = setTimeout(() => {
      this.#timedOut = true;
      void this.#end();
    }, this.#task.timeoutMs);
    let last: Ended = { exitCode: null, signal: null, error: null };
    for (const argv of this.#task.programs) {
      last = await this.#run(argv);
      if (last.exitCode !== 0 || this.#timedOut || this.#stopped) break;
    }
    clearTimeout(timer);
    const [stdout, stderr] = [this.#output.stdout.close(), this.#output.stderr.close()];
    return {
      ...last,
      // Ended by us: its own exit status, if it had one after all, means nothing.
      exitCode: this.#timedOut || this.#stopped ? null : last.exitCode,
      timedOut: this.#timedOut,
      truncated: stdout.truncated || stderr.truncated,
      durationMs: performance.now() - this.#startedMono,
      kept: { stdout: stdout.kept, stderr: stderr.kept },
    };
  }

  stop(): void {
    this.#stopped = true;
    void this.#end();
  }

  async #run(argv: readonly string[]): Promise<Ended> {
    const [file = "", ...args] = argv;
    const { user, env, cwd } = this.#task;
    const child = spawn(file, args, {
      cwd,
      env,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      ...(user === null ? {} : { uid: user, gid: user }),
    });
    this.#child = child;
    this.#output.stdout.take(child.stdout);
    this.#output.stderr.take(child.stderr);
    const ended = await new Promise<Ended>((resolve) => {
      child.once("error", (error) =>
        resolve({ exitCode: null, signal: null, error: error.message }),
      );
      child.once("exit", (exitCode, signal) => resolve({ exitCode, signal, error: null }));
    });
    // Before waiting for the end of its output: what it forked may hold the pipes open for ever.
    this.#killAll(child);
    if (ended.error === null && child.stdout.closed === false) await closed(child);
    return ended;
  }

  async #end(): Promise<void> {
    const child = this.#child;
    if (child?.pid === undefined) return;
    sendSignal(-child.pid, "SIGTERM");
    await sleep(graceMs);
    this.#killAll(child);
  }

  #killAll(child: ChildProcess): void {
    if (child.pid === undefined) return;
    for (const pid of familyOf(child.pid)) sendSignal(pid, "SIGKILL");
    sendSignal(-child.pid, "SIGKILL");
    const { user, ownUser } = this.#task;
    if (user !== null && ownUser) killUser(user);
  }
}

interface Ended {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly error: string | null;
}

/** The first bytes of a stream in a file; the rest is read and dropped, so that its writer never blocks. */
class Kept {
  readonly #file: number;
  readonly #limit: number;
  readonly #hash = createHash("sha256");
  #length = 0;
  #truncated = false;
  #closed = false;

  constructor(path: string, limit: number) {
    this.#file = openSync(path, "w", 0o600);
    this.#limit = limit;
  }

  take(stream: Readable): void {
    stream.on("data", (chunk: Buffer) => {
      if (this.#closed) return;
      const part = chunk.subarray(0, this.#limit - this.#length);
      let written = 0;
      try {
        while (written < part.length) {
          written += writeSync(this.#file, part, written, part.length - written);
        }
      } catch {
        // A full disk: what is missing counts as cut off.
        this.#truncated = true;
      }
      this.#length += written;
      this.#hash.update(part.subarray(0, written));
      if (part.length < chunk.length) this.#truncated = true;
    });
    stream.on("error", () => undefined);
  }

  /** `truncated`: whether something is missing. Nothing is kept from here on. */
  close(): { truncated: boolean; kept: { bytes: number; sha256: string } } {
    const kept = { bytes: this.#length, sha256: this.#hash.copy().digest("hex") };
    const truncated = this.#truncated;
    this.#closed = true;
    closeSync(this.#file);
    return { truncated, kept };
  }
}

/** All output read; or, when something escaped and still holds a pipe, a moment later. */
async function closed(child: ChildProcess): Promise<void> {
  const close = new Promise<void>((resolve) => child.once("close", () => resolve()));
  await Promise.race([close, sleep(1_000)]);
}

const [, , directory = ""] = process.argv;
await main(directory);
process.exit(0);
