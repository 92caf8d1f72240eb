import { type ChildProcess, spawn, type SpawnOptions } from "node:child_process";
import { createInterface } from "node:readline";

/** A child whose stdout is JSON lines, for tests that kill real processes. */
export interface JsonChild {
  readonly child: ChildProcess;
  /** The next line of stdout, parsed. Rejects when the child ends without one. */
  next(): Promise<Record<string, unknown>>;
  /** Resolves when the child has ended. */
  readonly ended: Promise<void>;
}

export function spawnJson(argv: readonly string[], options: SpawnOptions = {}): JsonChild {
  const child = spawn(argv[0] ?? "", argv.slice(1), {
    ...options,
    stdio: ["pipe", "pipe", "pipe"],
  });
  const stderr: string[] = [];
  child.stderr?.on("data", (data: Buffer) => stderr.push(data.toString()));
  const ended = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
    child.once("error", () => resolve());
  });
  if (!child.stdout) throw new Error("no stdout");
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    child,
    ended,
    next: async () => {
      const line = await lines.next();
      if (line.done) throw new Error(`the child ended: ${stderr.join("")}`);
      return JSON.parse(line.value) as Record<string, unknown>;
    },
  };
}

/** Looks again and again until `probe` gives something; for effects of other processes. */
export async function eventually<T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  limitMs = 10_000,
): Promise<T> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`this did not happen in ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
