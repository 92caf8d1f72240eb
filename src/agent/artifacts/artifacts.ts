import { constants } from "node:fs";
import { mkdir, open, readFile, readdir, realpath, rename, rm } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { isAbsolute, join, relative } from "node:path";
import { TidelockError } from "../../model/errors.ts";
import { type Layout, digestHex } from "../../model/layout.ts";
import type { Digest } from "../../model/primitives.ts";
import { diskError, errorCode, syncDirectory, writeDurably } from "../os/durable.ts";
import { removeTree } from "../os/remove-tree.ts";
import { Manifest, findChange } from "./manifest.ts";
import { unpackTree } from "./unpack.ts";

const unfinished = ".unpacking-";
const replaced = ".replaced-";

/**
 * Unpacked releases: `releases/<hex>`, read-only, owned by the agent, never edited. A manifest of each is
 * kept in the agent's own folder, so that a later look can tell whether anybody changed one in place.
 */
export class Artifacts {
  readonly #paths: Layout;
  readonly #manifests: string;
  readonly #running = new Map<Digest, Promise<string>>();

  constructor(paths: Layout) {
    this.#paths = paths;
    this.#manifests = join(paths.agent, "manifests");
  }

  /** Makes the folders and removes what an unpacking that was killed left behind. */
  async prepare(): Promise<void> {
    await mkdir(this.#manifests, { recursive: true, mode: 0o700 });
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

  /** What differs from the bytes that were verified; null when nothing does. Reads the whole tree. */
  async changeOf(digest: Digest): Promise<string | null> {
    const manifest = await this.#manifest(digest);
    if (manifest === null) return "it was never unpacked here";
    return findChange(this.directory(digest), manifest, process.getuid?.() ?? 0);
  }

  async #ensure(artifact: { digest: Digest; size: number }, path: string): Promise<string> {
    const directory = this.directory(artifact.digest);
    if ((await this.changeOf(artifact.digest)) === null) return directory;
    const temporary = join(
      this.#paths.releases,
      `${unfinished}${digestHex(artifact.digest).slice(0, 16)}-${randomBytes(4).toString("hex")}`,
    );
    try {
      const source = await this.#openBlob(path);
      await mkdir(temporary, { mode: 0o700 });
      const manifest = await unpackTree(source, temporary, artifact);
      await writeDurably(this.#manifestPath(artifact.digest), JSON.stringify(manifest));
      await this.#setAside(directory);
      await rename(temporary, directory);
      await syncDirectory(this.#paths.releases);
      return directory;
    } catch (error) {
      await removeTree(temporary);
      throw diskError(error, directory);
    }
  }

  /** A changed tree is replaced, never repaired; what runs from it keeps its folder until the next collect. */
  async #setAside(directory: string): Promise<void> {
    try {
      await rename(
        directory,
        join(this.#paths.releases, `${replaced}${randomBytes(8).toString("hex")}`),
      );
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw error;
    }
  }

  /** Removes every unpacked release that is not in `keep`. */
  async collect(keep: ReadonlySet<Digest>): Promise<number> {
    const kept = new Set([...keep, ...this.#running.keys()].map(digestHex));
    let removed = 0;
    for (const name of await readdir(this.#paths.releases)) {
      if (name.startsWith(replaced)) await removeTree(join(this.#paths.releases, name));
      if (!/^[0-9a-f]{64}$/.test(name) || kept.has(name)) continue;
      await removeTree(join(this.#paths.releases, name));
      await rm(this.#manifestPath(`sha256:${name}`), { force: true });
      removed += 1;
    }
    return removed;
  }

  /** The blob as a stream. It must be a plain file inside the content store, with no link on the way. */
  async #openBlob(path: string) {
    const store = await realpath(this.#paths.blobs).catch(() => this.#paths.blobs);
    const real = await realpath(path).catch((error: unknown) => {
      throw new TidelockError("not-found", "there is no such artifact in the content store", {
        where: path,
        hint: "upload it again with `tidelock release create`",
        cause: error,
      });
    });
    const inside = relative(store, real);
    const asGiven = isAbsolute(path) ? relative(this.#paths.blobs, path) : "..";
    if (inside !== asGiven || inside.startsWith("..") || isAbsolute(inside)) {
      throw new TidelockError("forbidden", "an artifact is read from the content store only", {
        where: path,
        fault: "bug",
      });
    }
    const file = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if (!(await file.stat()).isFile()) {
      await file.close();
      throw new TidelockError("forbidden", "an artifact is a plain file", { where: path });
    }
    return file.createReadStream();
  }

  /** Null when there is none, or when it is damaged: the release is then unpacked and verified again. */
  async #manifest(digest: Digest): Promise<Manifest | null> {
    try {
      return Manifest.parse(JSON.parse(await readFile(this.#manifestPath(digest), "utf8")));
    } catch {
      return null;
    }
  }

  #manifestPath(digest: Digest): string {
    return join(this.#manifests, `${digestHex(digest)}.json`);
  }
}
