import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { printable } from "../../../model/printable.ts";
import type { Batch, FromThread, ReadEnd, ReadFailure, ReadQuestion } from "./messages.ts";

export interface SpoolLimits {
  readonly timeoutMs: number;
  /** For loading its own code; half a second where nothing else goes on. */
  readonly startMs: number;
  readonly memoryMb: number;
}

/** A report of 1 GiB takes a few minutes; its frame and one item need far less memory. */
export const spoolLimits: SpoolLimits = { timeoutMs: 1_800_000, startMs: 60_000, memoryMb: 256 };

/** A thread that waits for a report to read: what it needs is loaded while that still comes in. */
export interface Reader {
  readonly worker: Worker;
  readonly memoryMb: number;
  /** Null as soon as its code is loaded; why it never will be. Never rejects. */
  readonly started: Promise<string | null>;
}

const ownProgram = new URL(`./read-thread${extname(import.meta.url)}`, import.meta.url);

export function startReader(
  { memoryMb, startMs }: SpoolLimits = spoolLimits,
  program: URL = ownProgram,
): Reader {
  const worker = new Worker(program, {
    // Neither our secrets nor our arguments: it reads what a stranger wrote.
    env: {},
    argv: [],
    execArgv: [],
    // A small young generation: what a report is read into is garbage at once.
    resourceLimits: { maxOldGenerationSizeMb: memoryMb, maxYoungGenerationSizeMb: 24 },
  });
  // Of one that fails before it is asked, whoever asks it hears.
  const started = new Promise<string | null>((resolve) => {
    const timer = setTimeout(() => resolve(`not within ${startMs / 1_000} s`), startMs);
    // It keeps no process from ending.
    timer.unref();
    const end = (why: string | null) => {
      clearTimeout(timer);
      resolve(why);
    };
    worker.once("message", () => end(null));
    worker.on("error", (error) => end(error.message));
    worker.once("exit", (code) => end(`it ended with ${code}`));
  });
  return { worker, memoryMb, started };
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
  const { worker, memoryMb, started } = reader;
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
      void started.then((why) => {
        if (why !== null) end(notStarted(why));
      });
      // Of one that never was ready, what is said above comes first.
      const after = (answer: ReadFailure) => void started.then(() => end(answer));
      worker.on("message", (message: FromThread) => {
        if (message.kind === "ready") return;
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
        after(failure(memory ? `it needs more than ${memoryMb} MB to read` : error.message));
      });
      worker.once("exit", () => after(failure("its reader ended without an answer")));
      // One that has ended already will not say so again.
      if (worker.threadId === -1) after(failure("its reader ended without an answer"));
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
      worker.postMessage(question);
    });
  } finally {
    await worker.terminate();
  }
}

/** Ours, and no report's fault. */
function notStarted(why: string): ReadFailure {
  return {
    kind: "failure",
    code: "internal",
    message: printable(`the program that reads reports could not be started: ${why}`, 500),
    where: "",
    hint: "send it again; nothing of it was kept. If it stays so, start the server again, or install Tidelock anew",
    bug: true,
  };
}
