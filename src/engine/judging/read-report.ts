import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { Digested } from "../../findings/judge.ts";
import { printable } from "../../model/printable.ts";

export interface Question {
  readonly format: string;
  readonly text: string;
}

export type Answer =
  | { readonly ok: true; readonly found: Digested }
  | { readonly ok: false; readonly why: string };

export interface ReadLimits {
  readonly timeoutMs: number;
  readonly memoryMb: number;
}

/** Far above what 16 MiB of an honest report need: 2 s and 300 MB. */
export const readLimits: ReadLimits = { timeoutMs: 60_000, memoryMb: 768 };

/**
 * Parses and counts one raw report in a thread of its own, limited in time and memory: a hostile report
 * costs neither the server's event loop nor its memory. Never throws; `why` is safe to show.
 */
export async function readReport(
  question: Question,
  limits: ReadLimits = readLimits,
): Promise<Answer> {
  const program = new URL(`./thread${extname(import.meta.url)}`, import.meta.url);
  return new Promise((resolve) => {
    const worker = new Worker(program, {
      workerData: question,
      // Neither our secrets nor our arguments: it reads what a stranger wrote.
      env: {},
      argv: [],
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: limits.memoryMb },
    });
    // A thread that has answered ends by itself: terminating one that is about to end is what Node warns of
    // (a crash of the whole process, once in many thousands).
    const end = (answer: Answer) => {
      clearTimeout(timer);
      resolve(answer);
    };
    const timer = setTimeout(() => {
      end({ ok: false, why: `it could not be read within ${limits.timeoutMs / 1_000} s` });
      void worker.terminate();
    }, limits.timeoutMs);
    worker.once("message", (answer: Answer) =>
      end(answer.ok ? answer : { ok: false, why: printable(answer.why) }),
    );
    worker.once("error", (error: NodeJS.ErrnoException) => {
      const memory = error.code === "ERR_WORKER_OUT_OF_MEMORY";
      const why = memory ? `it needs more than ${limits.memoryMb} MB to read` : error.message;
      end({ ok: false, why: printable(why) });
    });
    worker.once("exit", () => end({ ok: false, why: "its reader ended without an answer" }));
  });
}
