import { parentPort, workerData } from "node:worker_threads";
import { type YamlQuestion, yamlIn } from "./yaml-apart.ts";

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
parentPort?.postMessage(yamlIn(workerData as YamlQuestion));
