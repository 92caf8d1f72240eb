import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { printable } from "../model/printable.ts";

/** Texts beyond this are worked on in a thread of their own: the event loop must go on. Characters. */
export const longText = 512 * 1024;

/** Far above what a report of 16 MiB needs. */
const limits = { timeoutMs: 60_000, memoryMb: 1_024 };

/**
 * Runs a program of ours on one long text in a thread of its own, limited in time and memory.
 *
 * @param program without its ending, beside us: `./…-thread`
 * @throws Error when the thread broke, in a sentence that is safe to show
 */
export async function apart<Answer>(program: URL, question: unknown): Promise<Answer> {
  const file = new URL(`${program.href}${extname(import.meta.url)}`);
  return new Promise((resolve, reject) => {
    const worker = new Worker(file, {
      workerData: question,
      env: {},
      argv: [],
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: limits.memoryMb },
    });
    const fail = (why: string) => end(() => reject(new Error(printable(why, 300))));
    // One that has answered ends by itself: terminating a thread that is about to end can crash the process.
    const end = (answer: () => void) => {
      clearTimeout(timer);
      answer();
    };
    const timer = setTimeout(() => {
      fail(`a long report was not worked through within ${limits.timeoutMs / 1_000} s`);
      void worker.terminate();
    }, limits.timeoutMs);
    worker.once("message", (answer: Answer) => end(() => resolve(answer)));
    worker.once("error", (error) => fail(`a long report could not be worked through: ${error}`));
    worker.once("exit", () => fail("a long report's thread ended without an answer"));
  });
}
