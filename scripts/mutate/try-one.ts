import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { root } from "../test/run-step.ts";
import type { Answer, Job, Step } from "./worker.ts";

export type Outcome = Answer["outcome"] | "never ended";

/** Modules that were loaded are never given back: after so many mutants the process is replaced. */
const mutantsOfOneProcess = 250;

/** What a step may take beside ten times what it takes without any mutant, in milliseconds. */
const patience = 8_000;

interface Running {
  readonly child: ChildProcess;
  readonly lines: AsyncIterator<string>;
  readonly reader: Interface;
}

/** Puts mutants to tests, one at a time, in a process that is replaced when a mutant never ends. */
export class Trier {
  #running: Running | null = null;
  #tried = 0;
  /** How long each step takes, in milliseconds, where it has been taken. */
  readonly #took = new Map<string, number>();

  async attempt(job: Job): Promise<Omit<Answer, "outcome"> & { readonly outcome: Outcome }> {
    if (this.#tried >= mutantsOfOneProcess) await this.end();
    this.#running ??= start();
    this.#tried += 1;
    const { child, lines } = this.#running;
    child.stdin?.write(`${JSON.stringify(job)}\n`);
    let at: { readonly step: string; readonly since: number } | null = null;
    for (;;) {
      const limit = patience + 10 * (at === null ? 500 : (this.#took.get(at.step) ?? 12_000));
      const line = await within(lines.next(), limit);
      if (line === null || line.done) {
        const by = at?.step ?? "";
        await this.end();
        return { outcome: "never ended", by };
      }
      // What tests print is theirs.
      if (!/^\{"(step|outcome)":/.test(line.value)) continue;
      const said = JSON.parse(line.value) as Answer | Step;
      if (at !== null && job.mutant === null) this.#took.set(at.step, Date.now() - at.since);
      if ("outcome" in said) return said;
      at = { step: said.step, since: Date.now() };
    }
  }

  async end(): Promise<void> {
    const running = this.#running;
    this.#running = null;
    this.#tried = 0;
    if (running === null || running.child.exitCode !== null) return;
    running.reader.close();
    running.child.kill("SIGKILL");
    if (running.child.exitCode === null && running.child.signalCode === null) {
      await once(running.child, "exit");
    }
  }
}

function start(): Running {
  const child = spawn(
    process.execPath,
    [
      "--disable-warning=ExperimentalWarning",
      "--max-old-space-size=1500",
      join(root, "scripts", "mutate", "worker.ts"),
    ],
    {
      stdio: ["pipe", "pipe", "ignore"],
      cwd: root,
    },
  );
  // A process that has ended is seen by its output, which ends as well.
  child.stdin.on("error", () => undefined);
  const reader = createInterface({ input: child.stdout });
  return { child, reader, lines: reader[Symbol.asyncIterator]() };
}

async function within<T>(promise: Promise<T>, limit: number): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => {
      resolve(null);
    }, limit);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
