import { readFileSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { formats } from "../../../findings/parsers/formats.ts";
import { parsers } from "../../../findings/parsers/index.ts";
import type { Observation } from "../../../model/observation.ts";
import { batchesAhead, batchSize, type FromThread, type ReadQuestion } from "./messages.ts";
import { stagedRow } from "./staged-row.ts";

/** A thread of its own for one report: whatever it costs, it costs this thread. */

const question = workerData as ReadQuestion;
let ahead = 0;
let waiting: (() => void) | undefined;
parentPort?.on("message", () => {
  ahead -= 1;
  waiting?.();
});

function say(message: FromThread): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
  parentPort?.postMessage(message);
}

/** Waits while the server has not stored what was sent before. */
async function send(rows: readonly string[]): Promise<void> {
  if (rows.length === 0) return;
  // One answer frees one place, and nobody else takes it.
  if (ahead >= batchesAhead) await new Promise<void>((resolve) => (waiting = resolve));
  ahead += 1;
  say({ kind: "batch", count: rows.length, json: `[${rows.join(",")}]` });
}

async function read(): Promise<void> {
  const { path, format, most } = question;
  const text = readFileSync(path, "utf8");
  const id = format ?? guess(text);
  const parser = id === null ? undefined : parsers.get(id);
  if (id === null || parser === undefined) {
    say({ kind: "failure", format: null, why: unknown(format), where: "" });
    return;
  }
  try {
    const parsed = parser.parse(text);
    const all: readonly (readonly [Observation, boolean])[] = [
      ...parsed.observations.map((one) => [one, false] as const),
      ...(parsed.claims ?? []).map((one) => [one, true] as const),
    ];
    const context = {
      service: question.service,
      environment: question.environment,
      tool: parsed.tool?.name ?? id,
      subject: question.scan ?? parsed.subject,
    };
    let rows: string[] = [];
    let ordinal = 0;
    for (const [observation, claim] of all.slice(0, most)) {
      rows.push(stagedRow(ordinal, observation, claim, context));
      ordinal += 1;
      if (rows.length < batchSize) continue;
      await send(rows);
      rows = [];
    }
    await send(rows);
    const { tool, subject, madeAt, complete, missing } = parsed;
    const cut = all.length > most;
    const lost = cut ? `only its first ${most} items were taken in` : missing;
    say({
      kind: "end",
      format: id,
      summary: {
        complete: complete && !cut,
        ...(tool === undefined ? {} : { tool }),
        ...(subject === undefined ? {} : { subject }),
        ...(madeAt === undefined ? {} : { madeAt }),
        ...(lost === undefined ? {} : { missing: lost }),
      },
    });
  } catch (error) {
    const [first = "it does not fit"] = String(error instanceof Error ? error.message : error)
      .trim()
      .split("\n");
    const why = first.startsWith("[") ? "it does not fit its format" : first;
    say({ kind: "failure", format: id, why, where: "" });
  }
}

function guess(text: string): string | null {
  try {
    const value: unknown = JSON.parse(text);
    return formats.find((one) => one.recognise({ syntax: "json", value }))?.id ?? null;
  } catch {
    return null;
  }
}

function unknown(format: string | null): string {
  return format === null
    ? "its content is of no format that is known here"
    : `there is no format ${format}`;
}

await read();
