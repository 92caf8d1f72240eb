import { matchesGlob } from "node:path";
import { TidelockError } from "../model/errors.ts";
import type { Digest } from "../model/primitives.ts";
import { BlockReader } from "../tree/block-reader.ts";
import { TreeReader, truncated } from "../tree/read-tree.ts";
import { blockBytes } from "../tree/tar-format.ts";

export interface TreeFile {
  readonly path: string;
  readonly bytes: Buffer;
}

export interface WantedFiles {
  readonly tree: Digest;
  /** Paths or globs over whole paths. */
  readonly globs: readonly string[];
  readonly maxFiles: number;
  readonly maxBytes: number;
}

/**
 * Reads a few small files out of a release's tree as it streams by, proving its digest on the way. Links are
 * not followed. For data that is parsed with care; scanners have a process of their own (`scanner`).
 *
 * @throws TidelockError `invalid-input` (too many, too large, no tree of ours), `digest-mismatch`
 */
export async function readTreeFiles(
  source: AsyncIterable<Uint8Array>,
  { tree, globs, maxFiles, maxBytes }: WantedFiles,
): Promise<readonly TreeFile[]> {
  const reader = new BlockReader(source);
  const entries = new TreeReader(reader);
  const files: TreeFile[] = [];
  for (let entry = await entries.next(); entry !== undefined; entry = await entries.next()) {
    if (entry.kind !== "file") continue;
    const { path, size } = entry;
    const padding = Math.ceil(size / blockBytes) * blockBytes - size;
    if (!globs.some((glob) => path === glob || matchesGlob(path, glob))) {
      await pass(reader, size + padding);
      continue;
    }
    if (size > maxBytes) throw refused(path, `it has ${size} bytes; ${maxBytes} at most`);
    if (files.length >= maxFiles) throw refused(path, `more than ${maxFiles} files fit the globs`);
    const bytes = await reader.take(size);
    if (size > 0 && !bytes) throw truncated(reader.size);
    files.push({ path, bytes: bytes ?? Buffer.alloc(0) });
    await pass(reader, padding);
  }
  const digest = reader.digest();
  if (digest === tree) return files;
  throw new TidelockError("digest-mismatch", `the tree is ${digest} and not ${tree}`);
}

async function pass(reader: BlockReader, bytes: number): Promise<void> {
  for (let left = bytes; left > 0;) {
    const part = await reader.some(left);
    if (!part) throw truncated(reader.size);
    left -= part.length;
  }
}

function refused(path: string, message: string): TidelockError {
  return new TidelockError("invalid-input", message, { fault: "operator", where: path });
}
