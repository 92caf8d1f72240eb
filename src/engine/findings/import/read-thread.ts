import { createReadStream } from "node:fs";
import { once } from "node:events";
import { parentPort } from "node:worker_threads";
import { isDeepStrictEqual } from "node:util";
import type { IdentityContext } from "../../../findings/identity/fingerprint.ts";
import { type ReadReport, readReport } from "../../../findings/reading/read-report.ts";
import { asTidelockError, TidelockError } from "../../../model/errors.ts";
import type { Observation } from "../../../model/observation.ts";
import { Gathered } from "./gathered.ts";
import { batchesAhead, batchSize, type FromThread, type ReadQuestion } from "./messages.ts";
import { buffersOf, Columns, storable, storableObservation } from "./staged-row.ts";

/** A thread of its own for one report: whatever it costs, it costs this thread. It may be started before the report is there. */

let ahead = 0;
let waiting: (() => void) | undefined;

function say(message: FromThread, given: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, given);
}

/** Waits while the server has not stored what was sent before. */
async function send(columns: Columns): Promise<void> {
  if (columns.count === 0) return;
  // One answer frees one place, and nobody else takes it.
  if (ahead >= batchesAhead) await new Promise<void>((resolve) => (waiting = resolve));
  ahead += 1;
  const staged = columns.take();
  say({ kind: "batch", staged }, buffersOf(staged));
}

type About = Pick<ReadReport, "tool" | "subject">;

function storableAbout({ tool, subject }: About): About {
  return {
    ...(tool && { tool: { name: storable(tool.name), version: storable(tool.version) } }),
    ...(subject === undefined ? {} : { subject: storable(subject) }),
  };
}

async function read(question: ReadQuestion): Promise<void> {
  const { path, format, most, secretKey, service, environment, scan } = question;
  const gathered = new Gathered(`${path}.items`);
  const columns = new Columns();
  const contextOf = ({ tool, subject }: About, id: string) => ({
    service,
    environment,
    tool: tool?.name ?? id,
    subject: scan ?? subject,
  });
  /** Whose it is, of a report of which the beginning said so. */
  let told: { readonly about: About; readonly context: IdentityContext } | null = null;
  const report = await readReport(
    { open: () => createReadStream(path, { highWaterMark: 256 * 1024 }) },
    {
      secretKey,
      batchSize,
      limits: { items: most },
      ...(format === null ? {} : { format }),
      async onBatch({ observations, claims }, known) {
        // One without a tool's name goes by its format's, which is known at the end.
        if (told === null && known?.tool !== undefined) {
          const about = storableAbout(known);
          told = { about, context: contextOf(about, "") };
        }
        for (const [claim, some] of [
          [false, observations],
          [true, claims],
        ] as const) {
          for (const one of some) {
            const { observation, text } = storableObservation(one);
            if (told === null) await gathered.add(`${claim ? "q" : "h"}${text}`);
            else columns.add(observation, text, claim, told.context);
            if (columns.count >= batchSize) await send(columns);
          }
        }
      },
    },
  );
  const { madeAt, complete } = report;
  const about = storableAbout(report);
  const missing = report.missing === undefined ? undefined : storable(report.missing);
  requireSame(told, about);
  const context = contextOf(about, report.format);
  for await (const line of gathered.lines()) {
    const text = line.slice(1);
    columns.add(JSON.parse(text) as Observation, text, line.startsWith("q"), context);
    if (columns.count >= batchSize) await send(columns);
  }
  await send(columns);
  say({
    kind: "end",
    format: report.format,
    summary: {
      complete,
      ...about,
      ...(madeAt === undefined ? {} : { madeAt }),
      ...(missing === undefined ? {} : { missing }),
    },
  });
}

/** Hits were told apart by what the beginning said: a parser that says another thing at the end is broken. */
function requireSame(told: { readonly about: About } | null, about: About): void {
  if (told === null || isDeepStrictEqual(told.about, about)) return;
  throw new TidelockError("internal", "the report's reader says two things of whose report it is", {
    fault: "bug",
    where: "the report",
    hint: "report this with the tool's name",
  });
}

async function asked(): Promise<ReadQuestion> {
  if (parentPort === null) throw new Error("this is for a thread");
  say({ kind: "ready" });
  const [question] = (await once(parentPort, "message")) as [ReadQuestion];
  // Whatever it is told from here on: that something was stored.
  parentPort.on("message", () => {
    ahead -= 1;
    waiting?.();
  });
  return question;
}

try {
  await read(await asked());
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
