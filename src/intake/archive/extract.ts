import { constants } from "node:fs";
import { copyFile, mkdir, open, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { extract, type Header } from "tar-stream";
import { TidelockError } from "../../model/errors.ts";
import { checkLink, checkPath, printable, reservedNames } from "../../tree/tree-entry.ts";
import {
  type ArchiveLimits,
  defaultLimits,
  openArchive,
  truncatedArchive,
} from "./archive-stream.ts";

type Kind = "file" | "directory" | "symlink";

/**
 * Unpacks anybody's tar file (plain or gzip) into an empty folder, from where it is packed again in our
 * format. Only files, folders and links inside the tree are taken; nothing is written through a link and
 * nothing outside of the folder. Owners, times, devices and attributes are not taken over.
 *
 * @throws TidelockError `invalid-input` (cut off, hostile, too large), `not-found`, `disk-full`
 */
export async function extractArchive(
  archive: string,
  folder: string,
  limits: ArchiveLimits = defaultLimits,
): Promise<void> {
  const source = await openArchive(archive, limits);
  const tar = extract();
  let broken: unknown;
  source.on("error", (error) => {
    broken = error;
    tar.destroy(error);
  });
  source.pipe(tar);
  const writer = new ArchiveWriter(archive, folder, limits.maxEntries);
  try {
    for await (const entry of tar) {
      await writer.add(entry.header, entry as AsyncIterable<Buffer>);
      entry.resume();
    }
  } catch (error) {
    throw explain(broken ?? error, archive);
  } finally {
    source.destroy();
  }
  await writer.finish();
}

class ArchiveWriter {
  readonly #archive: string;
  readonly #folder: string;
  readonly #maxEntries: number;
  readonly #entries = new Map<string, Kind>();
  readonly #links: { path: string; target: string }[] = [];
  #count = 0;

  constructor(archive: string, folder: string, maxEntries: number) {
    this.#archive = archive;
    this.#folder = folder;
    this.#maxEntries = maxEntries;
  }

  async add(header: Header, content: AsyncIterable<Buffer>): Promise<void> {
    this.#count += 1;
    if (this.#count > this.#maxEntries)
      this.#refuse(header.name, "the archive has too many entries");
    const { type } = header;
    const path = header.name.replace(/^(\.\/+)+/, "").replace(/\/+$/, "");
    if ((path === "" || path === ".") && type === "directory") return;
    if (path.split("/").some((name) => reservedNames.has(name))) return;
    if (path.includes("\ufffd")) this.#refuse(path, "a name is not valid UTF-8");
    checkPath(path);
    await this.#makeParents(path);
    if (type === "directory") return await this.#makeFolder(path);
    if (this.#entries.has(path)) this.#refuse(path, "the archive has this path twice");
    if (type === "symlink") return this.#noteLink(path, header.linkname);
    if (type === "link") return await this.#copy(path, header.linkname);
    if (type !== "file" && type !== "contiguous-file") {
      this.#refuse(path, `it is ${describe(type)}, and a release holds files, folders and links`);
    }
    await this.#write(path, header, content);
  }

  /** Links come last, so that nothing can have been written through one. */
  async finish(): Promise<void> {
    for (const { path, target } of this.#links) await symlink(target, join(this.#folder, path));
  }

  async #makeParents(path: string): Promise<void> {
    const parent = dirname(path);
    if (parent === "." || this.#entries.get(parent) === "directory") return;
    await this.#makeParents(parent);
    await this.#makeFolder(parent);
  }

  async #makeFolder(path: string): Promise<void> {
    const there = this.#entries.get(path);
    if (there === "directory") return;
    if (there) this.#refuse(path, `it is a ${there} and a folder at once`);
    await mkdir(join(this.#folder, path), { mode: 0o700 });
    this.#entries.set(path, "directory");
  }

  #noteLink(path: string, target: string): void {
    checkLink(path, target);
    this.#entries.set(path, "symlink");
    this.#links.push({ path, target });
  }

  async #copy(path: string, linkname: string): Promise<void> {
    const original = linkname.replace(/^(\.\/+)+/, "");
    if (this.#entries.get(original) !== "file") {
      this.#refuse(
        path,
        `it is a hard link to ${JSON.stringify(original)}, which is no file before it`,
      );
    }
    const { COPYFILE_EXCL, COPYFILE_FICLONE } = constants;
    const [from, to] = [join(this.#folder, original), join(this.#folder, path)];
    await copyFile(from, to, COPYFILE_EXCL | COPYFILE_FICLONE);
    this.#entries.set(path, "file");
  }

  async #write(path: string, header: Header, content: AsyncIterable<Buffer>): Promise<void> {
    const mode = (header.mode & 0o100) === 0 ? 0o600 : 0o700;
    const file = await open(join(this.#folder, path), "wx", mode);
    try {
      for await (const chunk of content) await file.writeFile(chunk);
      await file.chmod(mode);
    } finally {
      await file.close();
    }
    this.#entries.set(path, "file");
  }

  #refuse(path: string, why: string): never {
    throw new TidelockError("invalid-input", `the archive is refused: ${why}`, {
      fault: "operator",
      where: `${this.#archive}: ${printable(path)}`,
      hint: "make it from the service's folder with an ordinary tar, or pack the folder itself",
    });
  }
}

/** The library has no word for types that it does not know, e.g. sparse files. */
function describe(type: string | null): string {
  return type === null ? "of a special kind" : `a ${type.replace("-", " ")}`;
}

function explain(error: unknown, archive: string): unknown {
  if (error instanceof TidelockError) return error;
  const { code, message = "" } = error as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new TidelockError("disk-full", "there is no space left to unpack the archive", {
      where: archive,
      hint: "free some disk space, or set TMPDIR to a folder on a larger disk",
      cause: error,
    });
  }
  if (code === "Z_BUF_ERROR" || /unexpected end/i.test(message))
    return truncatedArchive(archive, error);
  if (code?.startsWith("Z_") || /tar header|checksum/i.test(message)) {
    return new TidelockError("invalid-input", `the archive is damaged: ${message}`, {
      fault: "operator",
      where: archive,
      hint: "make or download it again",
      cause: error,
    });
  }
  return error;
}
