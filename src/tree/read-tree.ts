import { TidelockError } from "../model/errors.ts";
import type { BlockReader } from "./block-reader.ts";
import {
  blockBytes,
  decodeBlock,
  decodePax,
  encodeHeader,
  endOfArchive,
  typeFlags,
} from "./tar-format.ts";
import { checkLink, checkPath, comparePaths, decodeName, type TreeEntry } from "./tree-entry.ts";

/** A pax header of ours holds a path and a target; more is not ours. */
const maxPaxBytes = 16 * 1024;

/**
 * The next entry of a stream in our format, or undefined at its proper end. The header is encoded again
 * and compared byte by byte, so that nothing but the one right encoding of a tree is accepted; the paths
 * must ascend, and whatever holds an entry must be a folder that came before it.
 *
 * After a file entry the caller consumes `size` bytes and the padding.
 *
 * @throws TidelockError `invalid-input`
 */
export class TreeReader {
  readonly #reader: BlockReader;
  readonly #folders = new Set<string>();
  #previous = "";

  constructor(reader: BlockReader) {
    this.#reader = reader;
  }

  async next(): Promise<TreeEntry | undefined> {
    const first = await this.#block();
    if (first.equals(endOfArchive.subarray(0, blockBytes))) {
      await this.#end();
      return undefined;
    }
    const { entry, bytes } = await this.#decode(first);
    if (!encodeHeader(entry).equals(bytes)) throw foreign(`the header of ${entry.path}`);
    this.#checkPlace(entry);
    return entry;
  }

  async #decode(first: Buffer): Promise<{ entry: TreeEntry; bytes: Buffer }> {
    const head = decodeBlock(first);
    if (head.type !== "x") return { entry: toEntry(first, new Map()), bytes: first };
    if (!(head.size > 0 && head.size <= maxPaxBytes)) throw foreign("a pax header");
    const padded = Math.ceil(head.size / blockBytes) * blockBytes;
    const pax = await this.#take(padded);
    const records = decodePax(pax.subarray(0, head.size));
    if (!records) throw foreign("a pax header");
    const main = await this.#block();
    return { entry: toEntry(main, records), bytes: Buffer.concat([first, pax, main]) };
  }

  #checkPlace(entry: TreeEntry): void {
    checkPath(entry.path);
    if (entry.kind === "symlink") checkLink(entry.path, entry.target);
    if (this.#previous !== "" && comparePaths(this.#previous, entry.path) >= 0) {
      throw foreign(`the order of ${entry.path}`);
    }
    const slash = entry.path.lastIndexOf("/");
    if (slash >= 0 && !this.#folders.has(entry.path.slice(0, slash))) {
      throw foreign(`${entry.path} without its folder`);
    }
    if (entry.kind === "directory") this.#folders.add(entry.path);
    this.#previous = entry.path;
  }

  async #end(): Promise<void> {
    const second = await this.#block();
    if (!second.equals(endOfArchive.subarray(0, blockBytes))) throw foreign("its end");
    if (await this.#reader.some(1)) throw foreign("more bytes after its end");
  }

  #block(): Promise<Buffer> {
    return this.#take(blockBytes);
  }

  async #take(length: number): Promise<Buffer> {
    const bytes = await this.#reader.take(length);
    if (bytes) return bytes;
    throw truncated(this.#reader.size);
  }
}

export function truncated(at: number): TidelockError {
  return new TidelockError("invalid-input", `the tree ends too early, after ${at} bytes`, {
    fault: "operator",
    hint: "the upload or copy was cut off: send it again",
  });
}

function toEntry(main: Buffer, records: ReadonlyMap<string, Buffer>): TreeEntry {
  const head = decodeBlock(main);
  const path = decodeName(records.get("path") ?? Buffer.from(head.name, "latin1"), "its name");
  if (head.type === typeFlags.directory)
    return { kind: "directory", path: path.replace(/\/$/, "") };
  if (head.type === typeFlags.symlink) {
    const target = records.get("linkpath") ?? Buffer.from(head.target, "latin1");
    return { kind: "symlink", path, target: decodeName(target, "its target") };
  }
  const size = records.has("size") ? Number(records.get("size")) : head.size;
  if (head.type !== typeFlags.file || !Number.isSafeInteger(size)) {
    throw foreign(
      `an entry that is no file, folder or link (${JSON.stringify(path.slice(0, 200))})`,
    );
  }
  return { kind: "file", path, executable: head.mode === 0o755, size };
}

function foreign(what: string): TidelockError {
  return new TidelockError("invalid-input", `this is not a tree in our format: ${what}`, {
    fault: "operator",
    hint: "let `tidelock release create` pack it: other archives are normalised there",
  });
}
