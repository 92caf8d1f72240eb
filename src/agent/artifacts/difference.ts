import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { lstat, readlink } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { BlockReader } from "../../tree/block-reader.ts";
import { TreeReader } from "../../tree/read-tree.ts";
import { padding } from "../../tree/tar-format.ts";
import type { TreeEntry } from "../../tree/tree-entry.ts";

const readBytes = 256 * 1024;

/**
 * The first entry of an artifact that a folder does not hold as it should, in words: to say where, once
 * the digest has said that. Null when every entry is right, so that something must have been added.
 *
 * @param blob the artifact in the content store
 */
export async function firstDifference(blob: string, directory: string): Promise<string | null> {
  const reader = new BlockReader(createReadStream(blob));
  try {
    const tree = new TreeReader(reader);
    for (let entry = await tree.next(); entry; entry = await tree.next()) {
      const difference = await compare(reader, entry, join(directory, entry.path));
      if (difference !== null) return `${entry.path} ${difference}`;
    }
    return null;
  } finally {
    await reader.close();
  }
}

async function compare(
  reader: BlockReader,
  entry: TreeEntry,
  path: string,
): Promise<string | null> {
  const wanted = entry.kind === "file" ? await contentHash(reader, entry.size) : null;
  const stat = await lstat(path).catch(() => null);
  if (stat === null) return "is missing";
  if (entry.kind === "directory") return stat.isDirectory() ? null : "is no folder";
  if (entry.kind === "symlink") {
    if (!stat.isSymbolicLink()) return "is no symbolic link";
    return (await readlink(path)) === entry.target ? null : "points elsewhere";
  }
  if (!stat.isFile()) return "is no file";
  if (((stat.mode & 0o100) !== 0) !== entry.executable) return "has another mode";
  if (stat.size !== entry.size) return "has another size";
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex") === wanted ? null : "has other content";
}

async function contentHash(reader: BlockReader, size: number): Promise<string> {
  const hash = createHash("sha256");
  for (let left = size; left > 0;) {
    const chunk = await reader.some(Math.min(left, readBytes));
    if (chunk === undefined) break;
    hash.update(chunk);
    left -= chunk.length;
  }
  await reader.take(padding(size).length);
  return hash.digest("hex");
}
