import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { Incoming } from "../../../findings/identity/incoming.ts";
import type { KnownFinding } from "../../../findings/identity/known.ts";
import { type Batch, type Outcome, Reconciler } from "../../../findings/identity/reconcile.ts";
import { type FromReconciler, rowsAtOnce, type ToReconciler } from "./reconcile-messages.ts";

/** What is reconciled: each list may be asked for once, and comes in parts. */
export interface Hard {
  readonly known: () => AsyncIterable<readonly KnownFinding[]>;
  readonly incoming: () => AsyncIterable<readonly Incoming[]>;
}

/** Megabytes for what a quarter of a million of hits and findings come to. */
const memoryMb = 1_024;

/**
 * As `Reconciler`, a part at a time; in a thread of its own where it would keep everybody else waiting.
 *
 * @param take stores some outcomes, in order
 */
export async function reconcileApart(
  batch: Batch,
  hard: Hard,
  apart: boolean,
  take: (outcomes: readonly Outcome[]) => Promise<void>,
): Promise<void> {
  if (!apart) {
    const reconciler = new Reconciler(batch);
    for await (const rows of hard.known()) for (const one of rows) reconciler.know(one);
    for await (const rows of hard.incoming()) for (const one of rows) reconciler.see(one);
    const { outcomes } = reconciler.finish();
    for (let at = 0; at < outcomes.length; at += rowsAtOnce) {
      await take(outcomes.slice(at, at + rowsAtOnce));
    }
    return;
  }
  const program = new URL(`./reconcile-thread${extname(import.meta.url)}`, import.meta.url);
  const worker = new Worker(program, {
    workerData: batch,
    env: {},
    argv: [],
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: memoryMb },
  });
  const say = (message: ToReconciler) => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
    worker.postMessage(message);
  };
  const ended = new Promise<void>((resolve, reject) => {
    let taking = Promise.resolve();
    worker.on("message", (message: FromReconciler) => {
      if (message.kind === "end") taking.then(resolve, reject);
      else {
        taking = taking.then(async () => {
          await take(message.rows);
          say({ kind: "more" });
        });
        taking.catch(reject);
      }
    });
    worker.once("error", reject);
    worker.once("exit", () => reject(new Error("the reconciling thread ended without an answer")));
  });
  // Whoever is not yet waiting for it hears of its failure all the same.
  ended.catch(() => undefined);
  try {
    for await (const rows of hard.known()) say({ kind: "known", rows });
    for await (const rows of hard.incoming()) say({ kind: "incoming", rows });
    say({ kind: "finish" });
    await ended;
  } finally {
    await worker.terminate();
  }
}
