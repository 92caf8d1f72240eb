import { TidelockError } from "../../model/errors.ts";
import type { Format } from "../parsers/format.ts";
import { formats } from "../parsers/formats.ts";
import { Decoder } from "./decode.ts";
import { detectFormat } from "./detect.ts";
import type { Limits } from "./limits.ts";
import { type About, type Batch, Reading, type ReadSummary } from "./reading.ts";
import { refusalOf, reportError } from "./report-error.ts";
import { partsOf, type Source } from "./source.ts";

export interface ReadOptions {
  /** Its id; without one it is found out by the content. */
  readonly format?: string | undefined;
  /** For secrets' values (see `Observing`); null: they leave no trace at all. */
  readonly secretKey: Uint8Array | null;
  /** Awaited before more is read, with what is known of the report by then. A batch has about `batchSize` hits: all of the part of 64 KiB at hand. */
  readonly onBatch: (batch: Batch, about: About | undefined) => Promise<void> | void;
  /** Default 1,000. */
  readonly batchSize?: number;
  readonly limits?: Partial<Limits>;
  /** Default: every format that Tidelock knows. */
  readonly among?: readonly Format[];
}

export interface ReadReport extends ReadSummary {
  /** Its id. */
  readonly format: string;
  readonly observations: number;
  readonly claims: number;
}

/**
 * Reads a report of any length in the memory of its frame, of one item and of one batch. The source is opened once to
 * find the format out (unless it is named), once for the frame and once for the items (twice where a format asks for
 * items after items): what it gives must not change meanwhile.
 *
 * Batches are provisional until this resolves: a refusal (a `TidelockError`, `invalid-input`, that names format and
 * position) may come at the last byte, and then nothing of what was handed over counts.
 */
export async function readReport(source: Source, options: ReadOptions): Promise<ReadReport> {
  const { format: named, among = formats } = options;
  if (named === undefined) return readAs(source, await detectFormat(source, among), options);
  try {
    return await readAs(source, byId(named, among), options);
  } catch (error) {
    throw await unlessNamedWrongly(error, source, { named, among });
  }
}

/** What was thrown; of a report whose content is another format's than somebody named, its hint says which. */
async function unlessNamedWrongly(
  error: unknown,
  source: Source,
  { named, among }: { readonly named: string; readonly among: readonly Format[] },
): Promise<unknown> {
  if (!(error instanceof TidelockError) || error.code !== "invalid-input") return error;
  try {
    const { id } = await detectFormat(source, among);
    if (id === named) return error;
    return reportError(error.message, {
      hint: `It looks like ${id}, and not like ${named}: leave --format out.`,
      cause: error.cause,
    });
  } catch {
    return error;
  }
}

async function readAs(
  source: Source,
  format: Format,
  { secretKey, onBatch, batchSize = 1_000, limits }: ReadOptions,
): Promise<ReadReport> {
  const reading = new Reading(format, { secretKey }, limits);
  let observations = 0;
  let claims = 0;
  const flush = async (): Promise<void> => {
    const batch = reading.drain();
    observations += batch.observations.length;
    claims += batch.claims.length;
    await onBatch(batch, reading.about);
  };
  for (const pass of reading.passes()) {
    const decoder = new Decoder((chunk) => pass.write(chunk));
    try {
      for await (const chunk of source.open()) {
        for (const part of partsOf(chunk)) {
          if (!pass.full) decoder.write(part);
          if (reading.gathered >= batchSize) await flush();
        }
        if (pass.full) break;
      }
      if (!pass.full) {
        decoder.end();
        pass.end();
      }
    } catch (error) {
      // What the source itself or whoever takes the batches threw is none of the report's.
      throw error instanceof TidelockError ? refusalOf(error, format.id) : error;
    }
  }
  const summary = reading.end();
  if (reading.gathered > 0) await flush();
  return { format: format.id, observations, claims, ...asScan(format, summary) };
}

/**
 * What a report says of itself, as one scan among others of its scope: a log of events is none that could miss something,
 * however whole the log is.
 */
export function asScan<Said extends Pick<ReadSummary, "complete" | "missing">>(
  { absence }: Format,
  summary: Said,
): Said {
  if (absence !== "never") return summary;
  const missing = ["a log shows what happened to be met", summary.missing];
  return {
    ...summary,
    complete: false,
    missing: missing.filter((one) => one !== undefined).join("; "),
  };
}

function byId(id: string, among: readonly Format[]): Format {
  const format = among.find((one) => one.id === id);
  if (format !== undefined) return format;
  throw new TidelockError(
    "invalid-input",
    `there is no format ${JSON.stringify(id.slice(0, 100))}`,
    {
      fault: "operator",
      hint: "See them: tidelock findings formats",
    },
  );
}
