import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { printable } from "../../../model/printable.ts";
import type { Batch, FromThread, ReadEnd, ReadFailure, ReadQuestion } from "./messages.ts";

export interface SpoolLimits {
  readonly timeoutMs: number;
  readonly memoryMb: number;
}

/** A report of 1 GiB takes a few minutes; its frame and one item need far less memory. */
export const spoolLimits: SpoolLimits = { timeoutMs: 1_800_000, memoryMb: 256 };

/** A thread that waits for a report to read: what it needs is loaded while that still comes in. */
export interface Reader {
  readonly worker: Worker;
  readonly memoryMb: number;
}

export function startReader({ memoryMb }: SpoolLimits = spoolLimits): Reader {
  const program = new URL(`./read-thread${extname(import.meta.url)}`, import.meta.url);
  const worker = new Worker(program, {
    // Neither our secrets nor our arguments: it reads what a stranger wrote.
    env: {},
    argv: [],
    execArgv: [],
    // A small young generation: what a report is read into is garbage at once.
    resourceLimits: { maxOldGenerationSizeMb: memoryMb, maxYoungGenerationSizeMb: 24 },
  });
  // Of one that fails before it is asked, whoever asks it hears.
  worker.on("error", () => undefined);
  return { worker, memoryMb };
}

/**
 * Reads a report in a thread of its own, limited in time and memory: a hostile one costs neither the server's
 * event loop nor its memory. Each batch is taken before the thread makes many more. Throws what `take` throws; a report
 * that cannot be read is answered as a failure, whose words are safe to show.
 */
export async function readSpool(
  question: ReadQuestion,
  take: (batch: Batch) => Promise<void>,
  limits: SpoolLimits = spoolLimits,
  reader: Reader = startReader(limits),
): Promise<ReadEnd | ReadFailure> {
  const { worker, memoryMb } = reader;
  const failure = (why: string): ReadFailure => ({
    kind: "failure",
    code: "invalid-input",
    message: printable(`the report cannot be read: ${why}`),
    where: "",
    hint: "let the scanner write smaller ones, one for each of its targets; nothing of it was kept",
    bug: false,
  });
  let taking = Promise.resolve();
  try {
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => resolve(failure(`it could not be read within ${limits.timeoutMs / 1_000} s`)),
        limits.timeoutMs,
      );
      const end = (answer: ReadEnd | ReadFailure) => {
        clearTimeout(timer);
        // What came before the end is stored first.
        taking.then(() => resolve(answer), reject);
      };
      worker.on("message", (message: FromThread) => {
        if (message.kind === "end") end(message);
        else if (message.kind === "failure") {
          const { message: why, where, hint } = message;
          end({
            ...message,
            message: printable(why),
            where: printable(where),
            hint: printable(hint),
          });
        } else {
          taking = taking.then(async () => {
            await take(message);
            // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
            worker.postMessage("more");
          });
          taking.catch((error: unknown) => {
            clearTimeout(timer);
            reject(error);
          });
        }
      });
      worker.once("error", (error: NodeJS.ErrnoException) => {
        const memory = error.code === "ERR_WORKER_OUT_OF_MEMORY";
        end(failure(memory ? `it needs more than ${memoryMb} MB to read` : error.message));
      });
      worker.once("exit", () => end(failure("its reader ended without an answer")));
      // One that has ended already will not say so again.
      if (worker.threadId === -1) end(failure("its reader ended without an answer"));
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
      worker.postMessage(question);
    });
  } finally {
    await worker.terminate();
  }
}
