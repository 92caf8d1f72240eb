import { createReadStream } from "node:fs";
import type { Digest } from "../../model/primitives.ts";
import type { ContentStore } from "../../ports/content-store.ts";
import { BlockReader } from "../../tree/block-reader.ts";
import { TreeReader } from "../../tree/read-tree.ts";
import { padding } from "../../tree/tar-format.ts";

/** More is not looked into. Bytes. */
const most = { file: 8 * 1024 ** 2, all: 128 * 1024 ** 2 };

/**
 * The bytes of some files of an artifact in our format. A file that is too large, or comes after too much, is there with
 * null; so is a link, whose
 * target may be any file. Throws what reading a broken tree throws.
 */
export async function treeFiles(
  content: ContentStore,
  tree: Digest,
  wanted: ReadonlySet<string>,
): Promise<ReadonlyMap<string, Uint8Array | null>> {
  const source = createReadStream(await content.path(tree), { highWaterMark: 256 * 1024 });
  const reader = new BlockReader(source as AsyncIterable<Buffer>);
  const files = new Map<string, Uint8Array | null>();
  let read = 0;
  try {
    const entries = new TreeReader(reader);
    for (let entry = await entries.next(); entry; entry = await entries.next()) {
      if (entry.kind === "symlink" && wanted.has(entry.path)) files.set(entry.path, null);
      if (entry.kind !== "file") continue;
      const asked = wanted.has(entry.path);
      const kept = asked && entry.size <= most.file && read + entry.size <= most.all;
      const parts = await take(reader, entry.size, kept);
      await take(reader, padding(entry.size).length, false);
      if (asked) files.set(entry.path, kept ? Buffer.concat(parts) : null);
      if (kept) read += entry.size;
      if (files.size === wanted.size) break;
    }
    return files;
  } finally {
    await reader.close().catch(() => undefined);
  }
}

async function take(reader: BlockReader, bytes: number, keep: boolean): Promise<Buffer[]> {
  const parts: Buffer[] = [];
  for (let left = bytes; left > 0;) {
    const part = await reader.some(left);
    if (!part) throw new Error("the tree ends too early");
    // What the reader hands out is its own, and changes.
    if (keep) parts.push(Buffer.from(part));
    left -= part.length;
  }
  return parts;
}
