import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { chmod, mkdir, open, readdir, realpath, rename, stat } from "node:fs/promises";
import { isAbsolute, join, relative } from "node:path";
import type { Readable } from "node:stream";
import { TidelockError, asTidelockError } from "../../model/errors.ts";
import { type Layout, digestHex } from "../../model/layout.ts";
import type { Digest } from "../../model/primitives.ts";
import { hashTree } from "../../tree/pack-tree.ts";
import { unpackTree } from "../../tree/unpack-tree.ts";
import { diskError, errorCode, syncDirectory } from "../os/durable.ts";
import { removeTree } from "../../tree/remove-tree.ts";
import { report } from "../parts.ts";
import { firstDifference } from "./difference.ts";

const unfinished = ".unpacking-";
const replaced = ".replaced-";

/**
 * Unpacked releases: `releases/<hex>`, read-only, owned by the agent, never edited. Packing such a folder
 * again must give the digest in its name; whoever changed a file in place is found out by that.
 */
export class Artifacts {
  readonly #paths: Layout;
  readonly #running = new Map<Digest, Promise<string>>();

  constructor(paths: Layout) {
    this.#paths = paths;
  }

  /** Removes what an unpacking that was killed left behind. */
  async prepare(): Promise<void> {
    for (const name of await readdir(this.#paths.releases)) {
      if (name.startsWith(unfinished)) await removeTree(join(this.#paths.releases, name));
    }
  }

  directory(digest: Digest): string {
    return join(this.#paths.releases, digestHex(digest));
  }

  /** Unpacks unless it is there already and unchanged; two that ask at once wait for one unpacking. */
  ensure(artifact: { digest: Digest; size: number }, path: string): Promise<string> {
    const running = this.#running.get(artifact.digest);
    if (running !== undefined) return running;
    const work = this.#ensure(artifact, path).finally(() => {
      this.#running.delete(artifact.digest);
    });
    this.#running.set(artifact.digest, work);
    return work;
  }

  /** As `ensure`, from where the content store keeps it: for what a power cut may have taken, and for dry runs. */
  async restore(digest: Digest): Promise<string> {
    const path = this.#blobPath(digest);
    const size = await stat(path).then(
      (found) => found.size,
      () => 0,
    );
    return this.ensure({ digest, size }, path);
  }

  /** What differs from the bytes that were verified; null when nothing does. Reads the whole tree. */
  async changeOf(digest: Digest): Promise<string | null> {
    const directory = this.directory(digest);
    if ((await stat(directory).catch(() => null)) === null) return "it is not unpacked here";
    try {
      const found = await hashTree(directory);
      if (found.digest === digest) return null;
    } catch (error) {
      return asTidelockError(error).message;
    }
    const where = await firstDifference(this.#blobPath(digest), directory).catch(() => null);
    return where ?? "something was added to it";
  }

  /** Removes every unpacked release that is not in `keep`. */
  async collect(keep: ReadonlySet<Digest>): Promise<number> {
    const kept = new Set([...keep, ...this.#running.keys()].map(digestHex));
    let removed = 0;
    for (const name of await readdir(this.#paths.releases)) {
      if (name.startsWith(replaced)) await removeTree(join(this.#paths.releases, name));
      if (!/^[0-9a-f]{64}$/.test(name) || kept.has(name)) continue;
      await removeTree(join(this.#paths.releases, name));
      removed += 1;
    }
    return removed;
  }

  async #ensure(artifact: { digest: Digest; size: number }, path: string): Promise<string> {
    const directory = this.directory(artifact.digest);
    if ((await this.changeOf(artifact.digest)) === null) return directory;
    await this.#requireFolder();
    const name = `${unfinished}${randomBytes(12).toString("hex")}`;
    const temporary = join(this.#paths.releases, name);
    try {
      const source = await this.#openBlob(path, artifact.size);
      await unpackTree(source, temporary, { expected: artifact.digest, readOnly: true });
      await this.#setAside(directory);
      await rename(temporary, directory);
      await syncDirectory(this.#paths.releases);
      return directory;
    } catch (error) {
      await removeTree(temporary);
      throw diskError(error, directory);
    }
  }

  /** Somebody may have removed `releases/` with all that was unpacked: it is made again, as open as its siblings. */
  async #requireFolder(): Promise<void> {
    const { releases, slots } = this.#paths;
    if ((await stat(releases).catch(() => null)) !== null) return;
    report(`${releases} was removed: making it again`);
    await mkdir(releases, { recursive: true, mode: 0o700 });
    const sibling = await stat(slots).catch(() => null);
    if (sibling !== null) await chmod(releases, sibling.mode & 0o777);
  }

  /** A changed tree is replaced, never repaired; what runs from it keeps its folder until the next collect. */
  async #setAside(directory: string): Promise<void> {
    const aside = join(this.#paths.releases, `${replaced}${randomBytes(12).toString("hex")}`);
    try {
      await rename(directory, aside);
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw error;
    }
  }

  /** The blob as a stream. It must be a plain file inside the content store, with no link on the way. */
  async #openBlob(path: string, size: number): Promise<Readable> {
    const store = await realpath(this.#paths.blobs);
    const real = await realpath(path).catch((error: unknown) => {
      throw new TidelockError("not-found", "there is no such artifact in the content store", {
        where: path,
        hint: "upload it again with `tidelock release create`",
        cause: error,
      });
    });
    const inside = relative(store, real);
    const asGiven = isAbsolute(path) ? relative(this.#paths.blobs, path) : "..";
    if (inside !== asGiven || inside.startsWith("..") || isAbsolute(inside)) throw outside(path);
    const file = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const found = await file.stat();
    if (found.isFile() && found.size === size) return file.createReadStream();
    await file.close();
    if (!found.isFile()) throw outside(path);
    throw new TidelockError(
      "digest-mismatch",
      `the artifact has ${found.size} bytes, not ${size}`,
      {
        where: path,
        hint: "the upload or the disk is damaged: upload it again",
      },
    );
  }

  #blobPath(digest: Digest): string {
    const hex = digestHex(digest);
    return join(this.#paths.blobs, "sha256", hex.slice(0, 2), hex.slice(2));
  }
}

function outside(path: string): TidelockError {
  return new TidelockError("forbidden", "an artifact is a plain file of the content store", {
    where: path,
    fault: "bug",
  });
}
