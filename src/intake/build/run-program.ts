import { spawn } from "node:child_process";

export interface ProgramRun {
  readonly folder: string;
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
  /** Each line of both outputs, as it comes. */
  readonly onLine?: (line: string) => void;
}

export type ProgramEnd =
  | { readonly kind: "exited"; readonly code: number; readonly tail: string }
  | { readonly kind: "killed"; readonly signal: string; readonly tail: string }
  | { readonly kind: "timed-out"; readonly tail: string }
  | { readonly kind: "not-started"; readonly code: string; readonly tail: string };

const tailBytes = 8 * 1024;
const graceMs = 3_000;

/**
 * Runs a program in a process group of its own, without a terminal or input. At its end, or when its time
 * is up, the whole group is killed: nothing that it started goes on writing.
 */
export async function runProgram(run: ProgramRun): Promise<ProgramEnd> {
  const child = spawn(run.argv[0] ?? "", run.argv.slice(1), {
    cwd: run.folder,
    env: run.env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = new OutputTail(run.onLine);
  child.stdout.on("data", (chunk: Buffer) => output.add(chunk));
  child.stderr.on("data", (chunk: Buffer) => output.add(chunk));
  let timedOut = false;
  const timers = [
    setTimeout(() => {
      timedOut = true;
      signalGroup(child.pid, "SIGTERM");
      timers.push(setTimeout(() => signalGroup(child.pid, "SIGKILL"), graceMs));
    }, run.timeoutMs),
  ];
  const end = await new Promise<ProgramEnd>((resolve) => {
    child.once("error", (error: NodeJS.ErrnoException) => {
      resolve({ kind: "not-started", code: error.code ?? error.message, tail: "" });
    });
    // Not `close`: a background process that keeps the outputs open must not hold us up.
    child.once("exit", (code, signal) => {
      signalGroup(child.pid, "SIGKILL");
      // What the program wrote last may still be on its way.
      setTimeout(() => {
        const tail = output.text();
        if (timedOut) resolve({ kind: "timed-out", tail });
        else if (code === null) resolve({ kind: "killed", signal: signal ?? "unknown", tail });
        else resolve({ kind: "exited", code, tail });
      }, 20);
    });
  });
  for (const timer of timers) clearTimeout(timer);
  child.stdout.destroy();
  child.stderr.destroy();
  return end;
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone.
  }
}

/** The last lines of what a program wrote. */
class OutputTail {
  #bytes: Buffer = Buffer.alloc(0);
  #line = "";
  readonly #onLine: ((line: string) => void) | undefined;

  constructor(onLine: ((line: string) => void) | undefined) {
    this.#onLine = onLine;
  }

  add(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk.subarray(-tailBytes)]).subarray(-tailBytes);
    if (!this.#onLine) return;
    const lines = (this.#line + chunk.toString("utf8")).split(/\r?\n/);
    this.#line = lines.pop()?.slice(-1_000) ?? "";
    for (const line of lines) if (line.trim() !== "") this.#onLine(line);
  }

  text(): string {
    return this.#bytes.toString("utf8").trim().split("\n").slice(-30).join("\n");
  }
}
