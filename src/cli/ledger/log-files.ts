import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Client } from "../../api/client.ts";
import { parseCheckpoint } from "../../ledger/checkpoint.ts";
import { parseNote } from "../../ledger/note.ts";
import { changedBundles, changedTiles, pathOf, type Tile } from "../../ledger/tiles.ts";
import { TidelockError } from "../../model/errors.ts";

/** A log in C2SP tlog-tiles layout, wherever its files are. */
export interface LogFiles {
  /** Null for a file that is not there. */
  readonly read: (path: string) => Promise<Uint8Array | null>;
  /** What the log says of itself; believed only as far as "this fits together". */
  readonly claimed: () => Promise<ClaimedLog>;
}

export const ClaimedLog = z.object({ origin: z.string(), keys: z.array(z.string()) });
export type ClaimedLog = z.infer<typeof ClaimedLog>;

/** In an exported folder, beside the log's own files: origin and keys as the server stated them. */
export const claimFile = "log.json";

export function serverFiles(client: Client): LogFiles {
  return {
    read: (path) => client.ledgerFile(path),
    async claimed() {
      const { origin, keys } = await client.call("ledgerStatus", {});
      return { origin, keys: keys.filter(({ use }) => use === "log").map(({ key }) => key) };
    },
  };
}

export function folderFiles(folder: string): LogFiles {
  const read = async (path: string) => {
    try {
      return new Uint8Array(await readFile(join(folder, path)));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw unreadable(join(folder, path), error);
    }
  };
  return {
    read,
    async claimed() {
      const bytes = await read(claimFile);
      if (!bytes) return { origin: "", keys: [] };
      try {
        return ClaimedLog.parse(JSON.parse(Buffer.from(bytes).toString("utf8")));
      } catch (error) {
        throw unreadable(join(folder, claimFile), error);
      }
    },
  };
}

function unreadable(where: string, cause: unknown): TidelockError {
  return new TidelockError("invalid-input", "a file of the log cannot be read", {
    fault: "operator",
    where,
    hint: (cause as Error).message,
  });
}

export async function readCheckpointNote(files: LogFiles): Promise<Uint8Array> {
  const note = await files.read("checkpoint");
  if (note) return note;
  throw new TidelockError("not-found", "the log has no checkpoint", {
    fault: "operator",
    where: "checkpoint",
    hint: "nothing was recorded yet, or this is no folder of an exported ledger",
  });
}

/** The size that a checkpoint states, signed or not. */
export function sizeOf(note: Uint8Array): number {
  return parseCheckpoint(parseNote(note).text).size;
}

/** Entry bundles from the first to the last; an absent one is empty, which the verification locates. */
export async function* bundlesOf(files: LogFiles, size: number): AsyncGenerator<Uint8Array> {
  for await (const { bytes } of ahead(files, changedBundles(0, size).map(pathOf))) yield bytes;
}

/** The stored hashes of the leaves. */
export async function* leafTilesOf(files: LogFiles, size: number): AsyncGenerator<Uint8Array> {
  const tiles = changedTiles(0, size).filter(({ level }: Tile) => level === 0);
  for await (const { bytes } of ahead(files, tiles.map(pathOf))) yield bytes;
}

/** Every file of a log of this size. */
export function allPaths(size: number): readonly string[] {
  return [...changedTiles(0, size), ...changedBundles(0, size)].map(pathOf);
}

const inFlight = 8;

/** Reads some files ahead, and hands them out in order. */
export async function* ahead(
  files: LogFiles,
  paths: readonly string[],
): AsyncGenerator<{ readonly path: string; readonly bytes: Uint8Array }> {
  const waiting: Promise<Uint8Array | null>[] = [];
  for (let next = 0; next < paths.length; next += 1) {
    while (waiting.length < inFlight && next + waiting.length < paths.length) {
      const read = files.read(paths[next + waiting.length] ?? "");
      // Whoever stops early leaves reads behind that nobody waits for.
      read.catch(() => undefined);
      waiting.push(read);
    }
    yield { path: paths[next] ?? "", bytes: (await waiting.shift()) ?? new Uint8Array() };
  }
}
