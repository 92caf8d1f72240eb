import { parentPort, workerData } from "node:worker_threads";
import { type Raw, blankAndCut } from "./kept-text.ts";

const { raw, secrets } = workerData as { raw: Raw; secrets: readonly string[] };
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
parentPort?.postMessage(blankAndCut(raw, secrets));
