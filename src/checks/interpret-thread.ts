import { parentPort, workerData } from "node:worker_threads";
import { checks } from "./registry.ts";
import type { LongQuestion } from "./tool/interpret-apart.ts";
import { isToolCheck } from "./tool/tool-check.ts";

/** A thread of its own for one long report of an external program. */
const { id, plan, ended } = workerData as LongQuestion;
const check = checks.get(id);
const answer = check !== undefined && isToolCheck(check) ? check.interpret(plan, ended) : null;
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
parentPort?.postMessage(answer);
