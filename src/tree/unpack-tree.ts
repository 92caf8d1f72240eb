import { constants } from "node:fs";
import { chmod, mkdir, open, symlink } from "node:fs/promises";
import { join } from "node:path";
import { TidelockError } from "../model/errors.ts";
import type { Digest } from "../model/primitives.ts";
import { BlockReader } from "./block-reader.ts";
import { TreeReader, truncated } from "./read-tree.ts";
import { removeTree } from "./remove-tree.ts";
import { padding } from "./tar-format.ts";
import type { TreeEntry } from "./tree-entry.ts";

export interface UnpackOptions {
  /** Anything else is refused with `digest-mismatch`, and nothing stays. */
  readonly expected?: Digest;
  /** Takes every write bit away, folders included: files 0444 or 0555, folders 0555. */
  readonly readOnly?: boolean;
  /** Content bytes at most. */
  readonly maxBytes?: number;
  readonly maxEntries?: number;
}

const readBytes = 64 * 1024;

/**
 * Unpacks a stream in our format into a new folder `directory`: whole, with the right digest, or not at
 * all (what was written is removed again). It is strict: only the one right encoding is accepted, nothing
 * is written through a link, and nothing outside of the folder. Contents pass through.
 *
 * It does not fsync every file: whoever needs the tree after a power cut compares `hashTree` with the
 * digest, as every deploy does.
 *
 * @throws TidelockError `conflict` when `directory` exists, `invalid-input`, `digest-mismatch`, `disk-full`
 */
export async function unpackTree(
  source: AsyncIterable<Uint8Array>,
  directory: string,
  options: UnpackOptions = {},
): Promise<{ digest: Digest; size: number; entries: number }> {
  const reader = new BlockReader(source);
  await createRoot(directory);
  try {
    const folders = await unpackEntries(reader, directory, options);
    const digest = reader.digest();
    if (options.expected !== undefined && options.expected !== digest) {
      throw new TidelockError("digest-mismatch", `expected ${options.expected}, got ${digest}`, {
        hint: "the bytes were changed on the way or on the disk: upload the release again",
      });
    }
    if (options.readOnly)
      for (const folder of folders.list.toReversed()) await chmod(folder, 0o555);
    return { digest, size: reader.size, entries: folders.entries };
  } catch (error) {
    await reader.close().catch(() => undefined);
    await removeTree(directory);
    throw diskFull(error, directory);
  }
}

async function unpackEntries(
  reader: BlockReader,
  directory: string,
  options: UnpackOptions,
): Promise<{ list: string[]; entries: number }> {
  const tree = new TreeReader(reader);
  const list = [directory];
  let entries = 0;
  let bytes = 0;
  for (let entry = await tree.next(); entry; entry = await tree.next()) {
    entries += 1;
    bytes += entry.kind === "file" ? entry.size : 0;
    refuseTooMuch(bytes, entries, options);
    if (entry.kind === "directory") list.push(join(directory, entry.path));
    await write(reader, directory, entry, options.readOnly === true);
  }
  return { list, entries };
}

async function write(
  reader: BlockReader,
  directory: string,
  entry: TreeEntry,
  readOnly: boolean,
): Promise<void> {
  const path = join(directory, entry.path);
  if (entry.kind === "directory") {
    await mkdir(path, { mode: 0o755 });
    await chmod(path, 0o755);
    return;
  }
  if (entry.kind === "symlink") {
    await symlink(entry.target, path);
    return;
  }
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const file = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    for (let left = entry.size; left > 0;) {
      const chunk = await reader.some(Math.min(left, readBytes));
      if (!chunk) throw truncated(reader.size);
      await file.writeFile(chunk);
      left -= chunk.length;
    }
    const mode = entry.executable ? 0o755 : 0o644;
    await file.chmod(readOnly ? mode & 0o555 : mode);
  } finally {
    await file.close();
  }
  const zeros = padding(entry.size);
  if (zeros.length === 0) return;
  const read = await reader.take(zeros.length);
  if (!read) throw truncated(reader.size);
  if (!read.equals(zeros)) {
    throw new TidelockError(
      "invalid-input",
      `${entry.path} is followed by bytes that should be zero`,
    );
  }
}

async function createRoot(directory: string): Promise<void> {
  try {
    await mkdir(directory, { mode: 0o755 });
    await chmod(directory, 0o755);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw diskFull(error, directory);
    throw new TidelockError("conflict", `${directory} exists already`, { where: directory });
  }
}

function refuseTooMuch(bytes: number, entries: number, options: UnpackOptions): void {
  const { maxBytes = Number.POSITIVE_INFINITY, maxEntries = Number.POSITIVE_INFINITY } = options;
  if (bytes <= maxBytes && entries <= maxEntries) return;
  throw new TidelockError("invalid-input", "the tree is larger than allowed here", {
    fault: "operator",
    hint: bytes > maxBytes ? `at most ${maxBytes} bytes` : `at most ${maxEntries} entries`,
  });
}

function diskFull(error: unknown, where: string): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (code !== "ENOSPC" && code !== "EDQUOT") return error;
  return new TidelockError("disk-full", "there is no space left to unpack the release", {
    where,
    hint: "free some disk space, then try again: nothing half-unpacked was kept",
    cause: error,
  });
}
