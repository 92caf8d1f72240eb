import { once } from "node:events";
import { parentPort, workerData } from "node:worker_threads";
import { type Batch, Reconciler } from "../../../findings/identity/reconcile.ts";
import { type FromReconciler, rowsAtOnce, type ToReconciler } from "./reconcile-messages.ts";

/** A thread of its own for what takes seconds: the server goes on answering. */

const reconciler = new Reconciler(workerData as Batch);

function say(message: FromReconciler): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
  parentPort?.postMessage(message);
}

async function finish(): Promise<void> {
  const { outcomes } = reconciler.finish();
  for (let at = 0; at < outcomes.length; at += rowsAtOnce) {
    say({ kind: "outcomes", rows: outcomes.slice(at, at + rowsAtOnce) });
    if (parentPort) await once(parentPort, "message");
  }
  say({ kind: "end" });
}

parentPort?.on("message", (message: ToReconciler) => {
  if (message.kind === "known") for (const one of message.rows) reconciler.know(one);
  else if (message.kind === "incoming") for (const one of message.rows) reconciler.see(one);
  else if (message.kind === "finish") void finish();
});
