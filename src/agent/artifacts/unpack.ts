import { createHash } from "node:crypto";
import { type FileHandle, chmod, mkdir, open, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Readable, Transform, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Extract, type Header, extract } from "tar-stream";
import { TidelockError } from "../../model/errors.ts";
import type { Digest } from "../../model/primitives.ts";
import { type Manifest, type ManifestEntry, directoryMode, fileMode } from "./manifest.ts";
import { refused, safeEntryPath, staysInside } from "./tree-paths.ts";

/** More entries than this is a mistake or an attack on the disk's inodes. */
const maxEntries = 1_000_000;

/**
 * Unpacks an artifact into an empty folder, read-only, and learns its manifest; the digest is computed
 * over the very bytes that are unpacked. What is in the folder counts only when this returns.
 *
 * @throws TidelockError `digest-mismatch`, `invalid-input` for a tree that is no tree or leaves its folder.
 */
export async function unpackTree(
  source: Readable,
  root: string,
  expected: { readonly digest: Digest; readonly size: number },
): Promise<Manifest> {
  const hash = createHash("sha256");
  let size = 0;
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      size += chunk.length;
      done(null, chunk);
    },
  });
  const tree = new TreeWriter(root);
  const archive = extract();
  const [reading, writing] = await Promise.allSettled([
    addAll(archive, tree),
    pipeline(source, meter, archive as unknown as Writable),
  ]);
  const failure = [reading, writing].find((one) => one.status === "rejected")?.reason ?? null;
  // Garbage is first of all the wrong bytes: say that, rather than what the unpacker stumbled over.
  const digest: Digest = `sha256:${hash.digest("hex")}`;
  if (failure === null && (digest !== expected.digest || size !== expected.size)) {
    throw new TidelockError("digest-mismatch", `the artifact is ${digest} of ${size} bytes`, {
      hint: `expected ${expected.digest} of ${expected.size} bytes; upload it again`,
    });
  }
  if (failure !== null) throw unreadable(failure);
  return { formatVersion: 1, ...expected, entries: await tree.finish() };
}

async function addAll(archive: Extract, tree: TreeWriter): Promise<void> {
  for await (const entry of archive) await tree.add(entry.header, entry as unknown as Readable);
}

function unreadable(failure: unknown): unknown {
  if (failure instanceof TidelockError) return failure;
  const code = failure instanceof Error && "code" in failure ? failure.code : undefined;
  if (typeof code === "string" && /^E[A-Z]+$/.test(code)) return failure;
  const why = failure instanceof Error ? failure.message : String(failure);
  return new TidelockError("invalid-input", `the artifact is no whole tar archive: ${why}`, {
    hint: "pack it again with `tidelock release create`",
    cause: failure,
  });
}

class TreeWriter {
  readonly #root: string;
  readonly #entries = new Map<string, ManifestEntry>();

  constructor(root: string) {
    this.#root = root;
  }

  async add(header: Header, content: Readable): Promise<void> {
    const path = safeEntryPath(header.name);
    if (path === "") {
      // The root itself, as `tar -C folder .` writes it.
      await drain(content);
      return;
    }
    if (this.#entries.size >= maxEntries) throw refused(path, `more than ${maxEntries} entries`);
    const known = this.#entries.get(path);
    const again = known?.kind === "directory" && header.type === "directory";
    if (known !== undefined && !again) throw refused(path, "it is there twice");
    await this.#parents(path);
    if (header.type === "file" || header.type === "contiguous-file") {
      this.#entries.set(path, await this.#file(path, header, content));
      return;
    }
    await drain(content);
    if (header.type === "directory") await this.#directory(path);
    else if (header.type === "symlink") await this.#link(path, header.linkname ?? "");
    else throw refused(path, `a ${header.type ?? "nameless"} entry has no place in a release`);
  }

  /** Links are judged when all are known, then everything is made read-only, deepest folders first. */
  async finish(): Promise<ManifestEntry[]> {
    const entries = [...this.#entries.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
    const links = new Map(
      entries.flatMap((entry) =>
        entry.kind === "link" ? [[entry.path, entry.target] as const] : [],
      ),
    );
    for (const path of links.keys()) {
      if (!staysInside(path, links)) throw refused(path, "this symbolic link leaves the tree");
    }
    for (const [path, target] of links) await symlink(target, join(this.#root, path));
    for (const entry of entries.toReversed()) {
      if (entry.kind === "directory") await chmod(join(this.#root, entry.path), directoryMode);
    }
    await chmod(this.#root, directoryMode);
    return entries;
  }

  async #parents(path: string): Promise<void> {
    const parent = dirname(path);
    if (parent === ".") return;
    await this.#parents(parent);
    await this.#directory(parent);
  }

  async #directory(path: string): Promise<void> {
    const known = this.#entries.get(path);
    if (known?.kind === "directory") return;
    if (known !== undefined) throw refused(path, "a folder and something else have this name");
    await mkdir(join(this.#root, path), { mode: 0o700 });
    this.#entries.set(path, { kind: "directory", path });
  }

  async #link(path: string, target: string): Promise<void> {
    if (target === "") throw refused(path, "a symbolic link without a target");
    // Made at the end: nothing can be written through a link that is not there yet.
    this.#entries.set(path, { kind: "link", path, target });
  }

  async #file(path: string, header: Header, content: Readable): Promise<ManifestEntry> {
    const executable = ((header.mode ?? 0) & 0o111) !== 0;
    const hash = createHash("sha256");
    let size = 0;
    let file: FileHandle | undefined;
    try {
      file = await open(join(this.#root, path), "wx", 0o600);
      for await (const chunk of content as AsyncIterable<Buffer>) {
        hash.update(chunk);
        size += chunk.length;
        await file.writeFile(chunk);
      }
      await file.chmod(fileMode(executable));
    } finally {
      await file?.close();
    }
    return { kind: "file", path, executable, size, sha256: hash.digest("hex") };
  }
}

async function drain(content: Readable): Promise<void> {
  for await (const _ of content) {
    // An entry without content still has to be read to its end.
  }
}
