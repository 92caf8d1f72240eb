import { once } from "node:events";
import { TidelockError } from "../../model/errors.ts";
import { BlockReader } from "../../tree/block-reader.ts";
import { encodeTree, type PackOptions } from "../../tree/pack-tree.ts";
import {
  checkLink,
  checkPath,
  comparePaths,
  decodeName,
  reservedNames,
  type TreeEntry,
} from "../../tree/tree-entry.ts";
import { git, spawnGit } from "./git.ts";

/** An entry with the object that holds its content. */
type GitEntry = TreeEntry & { readonly object?: string };

const lfsPointer = Buffer.from("version https://git-lfs.github.com/spec/");
const readBytes = 64 * 1024;

/**
 * A committed tree in our format, read from git's objects directly: no checkout, and therefore none of the
 * filters, attributes or line-ending rules that a repository or its machine could bring along.
 *
 * @param revision a full commit id
 * @param path the service's folder below the repository's root, `""` for the root
 * @throws TidelockError `not-found`, `invalid-input` (submodules, links that leave the tree, LFS pointers)
 */
export async function* packGitTree(
  folder: string,
  revision: string,
  path: string,
  options: PackOptions = {},
): AsyncGenerator<Buffer> {
  const entries = await listTree(folder, `${revision}:${path}`, options);
  const reader = new ObjectReader(folder);
  try {
    await resolveLinks(entries, reader);
    const objects = new Map(entries.map((entry) => [entry.path, entry.object ?? ""]));
    const contents = (entry: TreeEntry & { kind: "file" }) =>
      reader.stream(objects.get(entry.path) ?? "", entry);
    yield* encodeTree(entries, contents, options.onProgress);
  } finally {
    reader.close();
  }
}

async function listTree(folder: string, tree: string, options: PackOptions): Promise<GitEntry[]> {
  const listed = await git(folder, ["ls-tree", "-r", "-t", "-z", "--long", "--full-tree", tree]);
  const entries: GitEntry[] = [];
  const left: string[] = [];
  for (const record of splitZero(listed)) {
    const tab = record.indexOf(0x09);
    const [mode = "", , object = "", size = ""] = record.toString("latin1", 0, tab).split(/ +/);
    const path = decodeName(record.subarray(tab + 1), "its name");
    const isFolder = mode === "040000";
    const below = left.some((parent) => path.startsWith(`${parent}/`));
    const reserved = reservedNames.has(path.slice(path.lastIndexOf("/") + 1));
    if (below || reserved || options.exclude?.(path, isFolder)) {
      if (!below && isFolder) left.push(path);
      continue;
    }
    checkPath(path);
    entries.push(toEntry(mode, object, Number(size), path));
  }
  return entries.sort((a, b) => comparePaths(a.path, b.path));
}

function toEntry(mode: string, object: string, size: number, path: string): GitEntry {
  if (mode === "040000") return { kind: "directory", path };
  if (mode === "120000") return { kind: "symlink", path, target: "", object };
  if (mode === "160000") {
    throw new TidelockError(
      "invalid-input",
      `${path} is a submodule: its content is not in this ref`,
      {
        fault: "operator",
        where: path,
        hint: "pack a folder with the submodule checked out, or exclude it",
      },
    );
  }
  return { kind: "file", path, size, object, executable: mode === "100755" };
}

async function resolveLinks(entries: GitEntry[], reader: ObjectReader): Promise<void> {
  for (const [index, entry] of entries.entries()) {
    if (entry.kind !== "symlink") continue;
    const target = decodeName(await reader.read(entry.object ?? ""), "its target");
    checkLink(entry.path, target);
    entries[index] = { ...entry, target };
  }
}

/** One `git cat-file --batch`: an object's id in, its header and content out. */
class ObjectReader {
  readonly #child;
  readonly #reader: BlockReader;

  constructor(folder: string) {
    this.#child = spawnGit(folder, ["cat-file", "--batch"]);
    this.#child.stdin.on("error", () => undefined);
    this.#child.on("error", () => undefined);
    this.#child.stderr.resume();
    this.#reader = new BlockReader(this.#child.stdout as AsyncIterable<Buffer>);
  }

  async read(object: string): Promise<Buffer> {
    const size = await this.#request(object);
    const bytes = await this.#take(size);
    await this.#take(1);
    return bytes;
  }

  async *stream(object: string, entry: TreeEntry & { kind: "file" }): AsyncGenerator<Buffer> {
    const size = await this.#request(object);
    if (size !== entry.size) throw unreadable(entry.path);
    for (let left = size; left > 0;) {
      const chunk = await this.#reader.some(Math.min(left, readBytes));
      if (!chunk) throw unreadable(entry.path);
      if (left === size) refuseLfsPointer(entry, chunk);
      left -= chunk.length;
      yield chunk;
    }
    await this.#take(1);
  }

  close(): void {
    this.#child.kill("SIGKILL");
  }

  /** The size of the object, whose content comes next. */
  async #request(object: string): Promise<number> {
    if (!this.#child.stdin.write(`${object}\n`)) await once(this.#child.stdin, "drain");
    let header = "";
    for (let byte = await this.#take(1); byte[0] !== 0x0a; byte = await this.#take(1)) {
      header += byte.toString("latin1");
    }
    const [, type, size] = header.split(" ");
    if (type !== "blob") throw unreadable(object);
    return Number(size);
  }

  async #take(length: number): Promise<Buffer> {
    const bytes = length === 0 ? Buffer.alloc(0) : await this.#reader.take(length);
    if (!bytes) throw unreadable("an object");
    return bytes;
  }
}

function refuseLfsPointer(entry: TreeEntry & { kind: "file" }, chunk: Buffer): void {
  if (entry.size > 1024 || !chunk.subarray(0, lfsPointer.length).equals(lfsPointer)) return;
  throw new TidelockError(
    "invalid-input",
    `${entry.path} is a pointer of Git LFS, not the file itself`,
    {
      fault: "operator",
      where: entry.path,
      hint: "pack a folder in which `git lfs pull` has run, or exclude it",
    },
  );
}

function unreadable(what: string): TidelockError {
  return new TidelockError("failed", `git could not read ${what}`, {
    fault: "operator",
    where: what,
    hint: "look at `git fsck`; in a partial clone, fetch the missing objects first",
  });
}

function* splitZero(bytes: Buffer): Generator<Buffer> {
  let from = 0;
  for (let at = bytes.indexOf(0); at >= 0; at = bytes.indexOf(0, from)) {
    yield bytes.subarray(from, at);
    from = at + 1;
  }
}
