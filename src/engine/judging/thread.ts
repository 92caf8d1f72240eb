import { parentPort, workerData } from "node:worker_threads";
import { digestReport } from "../../findings/judge.ts";
import { parsers } from "../../findings/parsers/index.ts";
import type { Answer, Question } from "./read-report.ts";

/** A thread of its own for one raw report: whatever it costs, it costs this thread. */

function answer({ format, text }: Question): Answer {
  const parser = parsers.get(format);
  if (parser === undefined) return { ok: false, why: `no parser for the format ${format}` };
  try {
    return { ok: true, found: digestReport(parser, text) };
  } catch (error) {
    const [first = "it does not fit"] = String(error instanceof Error ? error.message : error)
      .trim()
      .split("\n");
    return { ok: false, why: first.startsWith("[") ? "it does not fit its format" : first };
  }
}

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
parentPort?.postMessage(answer(workerData as Question));
