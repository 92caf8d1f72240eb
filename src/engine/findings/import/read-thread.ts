import { createReadStream } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { readReport } from "../../../findings/reading/read-report.ts";
import { asTidelockError } from "../../../model/errors.ts";
import { Gathered } from "./gathered.ts";
import { batchesAhead, batchSize, type FromThread, type ReadQuestion } from "./messages.ts";
import { observationText, stagedRow, storable } from "./staged-row.ts";

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
  const { path, format, most, secretKey, service, environment, scan } = question;
  const gathered = new Gathered(`${path}.items`);
  const report = await readReport(
    { open: () => createReadStream(path) },
    {
      secretKey,
      batchSize,
      limits: { items: most },
      ...(format === null ? {} : { format }),
      async onBatch({ observations, claims }) {
        for (const one of observations) await gathered.add(`h${observationText(one)}`);
        for (const one of claims) await gathered.add(`q${observationText(one)}`);
      },
    },
  );
  const { madeAt, complete } = report;
  const tool = report.tool && {
    name: storable(report.tool.name),
    version: storable(report.tool.version),
  };
  const subject = report.subject === undefined ? undefined : storable(report.subject);
  const missing = report.missing === undefined ? undefined : storable(report.missing);
  const context = {
    service,
    environment,
    tool: tool?.name ?? report.format,
    subject: scan ?? subject,
  };
  let rows: string[] = [];
  let ordinal = 0;
  for await (const line of gathered.lines()) {
    rows.push(stagedRow(ordinal, line.slice(1), line.startsWith("q"), context));
    ordinal += 1;
    if (rows.length < batchSize) continue;
    await send(rows);
    rows = [];
  }
  await send(rows);
  say({
    kind: "end",
    format: report.format,
    summary: {
      complete,
      ...(tool === undefined ? {} : { tool }),
      ...(subject === undefined ? {} : { subject }),
      ...(madeAt === undefined ? {} : { madeAt }),
      ...(missing === undefined ? {} : { missing }),
    },
  });
}

try {
  await read();
} catch (error) {
  const { code, message, where, hint, fault } = asTidelockError(error);
  say({
    kind: "failure",
    code,
    message,
    where: where ?? "",
    hint: hint ?? "",
    bug: fault === "bug",
  });
}
