import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { TidelockError } from "../model/errors.ts";
import type { Digest } from "../model/primitives.ts";
import { encodeHeader, endOfArchive, padding } from "./tar-format.ts";
import type { TreeEntry } from "./tree-entry.ts";
import { type Exclude, walkTree } from "./walk.ts";

export interface PackOptions {
  readonly exclude?: Exclude;
  /** Called after each file with the bytes so far and in all. */
  readonly onProgress?: (done: number, total: number) => void;
}

const readBytes = 64 * 1024;

/**
 * The folder as one stream in our format: the same tree gives the same bytes, whatever its times, owners,
 * umask or the order in which it was made. Contents pass through; only paths are held in memory.
 *
 * @throws TidelockError `invalid-input` for what a release cannot hold (see `walkTree`); `conflict` when
 *   a file changes while it is read
 */
export function packTree(root: string, options: PackOptions = {}): Readable {
  return Readable.from(packed(root, options), { objectMode: false, highWaterMark: readBytes });
}

/** Digest and size of a folder without keeping the stream: what an unpacked release must still give. */
export async function hashTree(
  root: string,
  options: PackOptions = {},
): Promise<{ digest: Digest; size: number }> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of packed(root, options)) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { digest: `sha256:${hash.digest("hex")}`, size };
}

/**
 * Encodes entries from anywhere (a folder, a git tree), which must be in the order of the format.
 *
 * @param contents gives exactly `entry.size` bytes of a file
 */
export async function* encodeTree(
  entries: readonly TreeEntry[],
  contents: (entry: TreeEntry & { kind: "file" }) => AsyncIterable<Buffer>,
  onProgress?: PackOptions["onProgress"],
): AsyncGenerator<Buffer> {
  const total = entries.reduce((sum, entry) => sum + sizeOf(entry), 0);
  let done = 0;
  for (const entry of entries) {
    yield encodeHeader(entry);
    if (entry.kind !== "file" || entry.size === 0) continue;
    yield* contents(entry);
    yield padding(entry.size);
    done += entry.size;
    onProgress?.(done, total);
  }
  yield endOfArchive;
}

async function* packed(root: string, options: PackOptions): AsyncGenerator<Buffer> {
  const entries = await walkTree(root, options.exclude);
  const contents = (entry: TreeEntry & { kind: "file" }) =>
    readExactly(join(root, entry.path), entry.size);
  yield* encodeTree(entries, contents, options.onProgress);
}

/** Exactly `size` bytes; the header with that size has already gone out. */
async function* readExactly(path: string, size: number): AsyncGenerator<Buffer> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    let left = size;
    while (left > 0) {
      // A buffer of its own each time: the consumer may hold on to it.
      const buffer = Buffer.allocUnsafe(Math.min(readBytes, left));
      const { bytesRead } = await file.read(buffer, 0, buffer.length);
      if (bytesRead === 0) throw changed(path);
      left -= bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
    const { bytesRead } = await file.read(Buffer.alloc(1), 0, 1);
    if (bytesRead !== 0) throw changed(path);
  } finally {
    await file.close();
  }
}

function sizeOf(entry: TreeEntry): number {
  return entry.kind === "file" ? entry.size : 0;
}

function changed(path: string): TidelockError {
  return new TidelockError("conflict", "a file changed while it was packed", {
    fault: "operator",
    retryable: true,
    where: path,
    hint: "wait until nothing writes to the folder (a running build, a log), then try again",
  });
}
