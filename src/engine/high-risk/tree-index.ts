import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import type { Digest } from "../../model/primitives.ts";
import { BlockReader } from "../../tree/block-reader.ts";
import { TreeReader } from "../../tree/read-tree.ts";
import { padding } from "../../tree/tar-format.ts";
import type { TreeEntry } from "../../tree/tree-entry.ts";
import type { ContentStore } from "../../ports/content-store.ts";

/** Path to what stands there: kind, mode and content as one short text. Folders are not in it. */
export type TreeIndex = ReadonlyMap<string, string>;

/** Larger ones are not read at a gate. */
const most = { entries: 200_000, bytes: 4 * 1024 ** 3 };

/** The trees that were asked for last: what is live is asked for again and again. */
const mostKept = 4;
const kept = new Map<Digest, TreeIndex>();

/**
 * What an artifact in our format consists of, out of bytes that have its digest; null when they are not here, are
 * others, or are too many.
 */
export async function treeIndex(content: ContentStore, tree: Digest): Promise<TreeIndex | null> {
  const known = kept.get(tree);
  const index = known ?? (await readIndex(content, tree).catch(() => null));
  if (index === null) return null;
  kept.delete(tree);
  kept.set(tree, index);
  for (const [oldest] of kept) if (kept.size > mostKept) kept.delete(oldest);
  return index;
}

async function readIndex(content: ContentStore, digest: Digest): Promise<TreeIndex | null> {
  const source = createReadStream(await content.path(digest), { highWaterMark: 256 * 1024 });
  const reader = new BlockReader(source as AsyncIterable<Buffer>);
  try {
    const tree = new TreeReader(reader);
    const index = new Map<string, string>();
    for (let entry = await tree.next(); entry; entry = await tree.next()) {
      if (index.size >= most.entries || reader.size > most.bytes) return null;
      if (entry.kind !== "directory") index.set(entry.path, await standsAt(reader, entry));
    }
    return reader.digest() === digest ? index : null;
  } finally {
    await reader.close().catch(() => undefined);
  }
}

async function standsAt(
  reader: BlockReader,
  entry: Exclude<TreeEntry, { kind: "directory" }>,
): Promise<string> {
  if (entry.kind === "symlink") return `-> ${entry.target}`;
  const hash = createHash("sha256");
  await pass(reader, entry.size, (part) => hash.update(part));
  await pass(reader, padding(entry.size).length, () => undefined);
  return `${entry.executable ? "x" : "-"} ${hash.digest("base64url")}`;
}

async function pass(
  reader: BlockReader,
  bytes: number,
  use: (part: Buffer) => void,
): Promise<void> {
  for (let left = bytes; left > 0;) {
    const part = await reader.some(left);
    if (!part) throw new Error("the tree ends too early");
    use(part);
    left -= part.length;
  }
}
