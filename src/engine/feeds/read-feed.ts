import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { EpssReader } from "../../findings/feeds/epss.ts";
import { readKev } from "../../findings/feeds/kev.ts";
import { TidelockError } from "../../model/errors.ts";
import type { EpssRecord, FeedHead, KevRecord } from "../../model/feed.ts";

/** The largest of them has ten megabytes; a bomb has more. */
const maxBytes = { epss: 256 * 1024 * 1024, kev: 16 * 1024 * 1024 };
const maxRecords = 5_000_000;

export type ReadFeed =
  | { readonly kind: "epss"; readonly head: FeedHead; readonly records: readonly EpssRecord[] }
  | { readonly kind: "kev"; readonly head: FeedHead; readonly records: readonly KevRecord[] };

/** Reads an uploaded feed, compressed by gzip or not. Throws `invalid-input`, naming the place. */
export async function readFeedFile(kind: "epss" | "kev", path: string): Promise<ReadFeed> {
  try {
    const bytes = bounded(await plain(path), maxBytes[kind]);
    return kind === "epss" ? await readEpss(bytes) : { kind, ...readKev(await textOf(bytes)) };
  } catch (error) {
    if (error instanceof TidelockError) throw error;
    throw new TidelockError(
      "invalid-input",
      error instanceof Error ? error.message : "unreadable",
      {
        fault: "operator",
        where: kind,
        hint: hints[kind],
        cause: error,
      },
    );
  }
}

const hints = {
  epss: "hand in epss_scores-<date>.csv or .csv.gz, as FIRST publishes it",
  kev: "hand in known_exploited_vulnerabilities.json, as CISA publishes it",
};

async function readEpss(bytes: AsyncIterable<Uint8Array>): Promise<ReadFeed> {
  const reader = new EpssReader();
  const records: EpssRecord[] = [];
  for await (const line of createInterface({ input: Readable.from(bytes), crlfDelay: Infinity })) {
    const record = reader.take(line);
    if (record === null) continue;
    if (records.length >= maxRecords)
      throw new Error(`EPSS: it holds more than ${maxRecords} records`);
    records.push(record);
  }
  return { kind: "epss", head: reader.head, records };
}

async function plain(path: string): Promise<Readable> {
  const file = await open(path);
  const { buffer } = await file.read(Buffer.alloc(2), 0, 2, 0).finally(() => file.close());
  const stream = createReadStream(path);
  if (buffer[0] !== 0x1f || buffer[1] !== 0x8b) return stream;
  const unpacked = createGunzip();
  stream.on("error", (error) => unpacked.destroy(error));
  return stream.pipe(unpacked);
}

async function* bounded(bytes: AsyncIterable<Uint8Array>, most: number): AsyncIterable<Uint8Array> {
  let seen = 0;
  for await (const chunk of bytes) {
    seen += chunk.length;
    if (seen > most) throw new Error(`it holds more than ${most / 1024 / 1024} MiB`);
    yield chunk;
  }
}

async function textOf(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const all: Uint8Array[] = [];
  for await (const chunk of bytes) all.push(chunk);
  return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(all));
}
