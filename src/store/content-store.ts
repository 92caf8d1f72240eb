import { createHash, randomUUID } from "node:crypto";
import { createReadStream, type Stats } from "node:fs";
import { chmod, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { TidelockError } from "../model/errors.ts";
import { digestHex } from "../model/layout.ts";
import { Digest } from "../model/primitives.ts";
import type { ContentStore } from "../ports/content-store.ts";
import { asDiskFull, defaultMinimumFreeBytes, requireSpace } from "./disk-space.ts";
import { syncFolder } from "./durable-file.ts";

export interface ContentStoreOptions {
  /** Uploads are refused with `disk-full` below this. Bytes. */
  readonly minimumFreeBytes?: number;
}

/** How often a long upload looks at the disk again. Bytes. */
const spaceCheckBytes = 16 * 1024 * 1024;
/** An upload writes all the time; one that has been silent for this long belongs to a crash. */
const abandonedAfterMs = 3_600_000;

/**
 * The content store on disk:
 *
 *   sha256/<2 hex>/<62 hex>   the blobs, 0400; each appears by a rename after it was hashed and fsynced
 *   uploads/                  blobs on their way in; those of crashed uploads are swept by age
 *   damaged/                  what `verify` found to hold other bytes, kept for a look
 */
export class DiskContentStore implements ContentStore {
  readonly #root: string;
  readonly #minimumFreeBytes: number;

  private constructor(root: string, options: ContentStoreOptions) {
    this.#root = root;
    this.#minimumFreeBytes = options.minimumFreeBytes ?? defaultMinimumFreeBytes;
  }

  /** @param root the `blobs` folder of the data directory */
  static async open(root: string, options: ContentStoreOptions = {}): Promise<DiskContentStore> {
    for (const folder of ["sha256", "uploads", "damaged"]) {
      await mkdir(join(root, folder), { recursive: true, mode: 0o700 });
    }
    const store = new DiskContentStore(root, options);
    await store.sweep();
    return store;
  }

  /**
   * @throws TidelockError `digest-mismatch`, `disk-full`, `invalid-input` (a digest that is none),
   *   `cancelled` (the sender went away); in each case nothing stays
   */
  async put(source: Readable, expected: Digest): Promise<{ digest: Digest; size: number }> {
    const target = this.#target(expected);
    // The bytes of a blob that is there are read and compared all the same, so that a broken upload
    // never hears that it succeeded; they are only not written again.
    const known = (await statOrUndefined(target)) !== undefined;
    const upload = known ? undefined : join(this.#root, "uploads", randomUUID());
    try {
      await requireSpace(this.#root, 0, this.#minimumFreeBytes);
      const { digest, size } = await this.#receive(source, upload);
      if (digest !== expected) throw mismatch(expected, digest, "the upload");
      if (upload !== undefined) await this.#publish(upload, target);
      else await this.path(digest); // `verify` may have moved a damaged one away meanwhile
      return { digest, size };
    } catch (error) {
      source.destroy();
      if (upload !== undefined) await rm(upload, { force: true });
      throw asSenderGone(asDiskFull(error, this.#root));
    }
  }

  async has(digest: Digest): Promise<boolean> {
    return (await statOrUndefined(this.#target(digest))) !== undefined;
  }

  async path(digest: Digest): Promise<string> {
    const target = this.#target(digest);
    if (await statOrUndefined(target)) return target;
    throw new TidelockError("not-found", `there is no artifact ${digest}`, {
      where: target,
      hint: "upload the release again with `tidelock release create`",
    });
  }

  async verify(digest: Digest): Promise<{ size: number }> {
    const path = await this.path(digest);
    const hash = createHash("sha256");
    let size = 0;
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      size += chunk.length;
    }
    const found: Digest = `sha256:${hash.digest("hex")}`;
    if (found === digest) return { size };
    // Out of the way, so that the next upload of the same release heals the store.
    await rename(path, join(this.#root, "damaged", `${digestHex(digest)}-${Date.now()}`));
    throw mismatch(digest, found, `the stored artifact (${path})`);
  }

  /** Removes what crashed uploads left. Runs at `open`; cheap enough to run every hour. */
  async sweep(now = Date.now()): Promise<number> {
    const folder = join(this.#root, "uploads");
    let removed = 0;
    for (const name of await readdir(folder)) {
      const status = await statOrUndefined(join(folder, name));
      if (!status || now - status.mtimeMs < abandonedAfterMs) continue;
      await rm(join(folder, name), { force: true });
      removed += 1;
    }
    return removed;
  }

  async #receive(
    source: Readable,
    upload: string | undefined,
  ): Promise<{ digest: Digest; size: number }> {
    const hash = createHash("sha256");
    const file = upload === undefined ? undefined : await open(upload, "wx", 0o600);
    let size = 0;
    let checkedAt = 0;
    try {
      for await (const chunk of source as AsyncIterable<Buffer>) {
        hash.update(chunk);
        size += chunk.length;
        await file?.writeFile(chunk);
        if (size - checkedAt < spaceCheckBytes || !file) continue;
        checkedAt = size;
        await requireSpace(this.#root, 0, this.#minimumFreeBytes);
      }
      await file?.sync();
    } finally {
      await file?.close();
    }
    return { digest: `sha256:${hash.digest("hex")}`, size };
  }

  async #publish(upload: string, target: string): Promise<void> {
    await chmod(upload, 0o400);
    const folder = join(target, "..");
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await rename(upload, target);
    syncFolder(folder);
    syncFolder(join(this.#root, "sha256"));
  }

  #target(digest: Digest): string {
    const parsed = Digest.safeParse(digest);
    if (!parsed.success) {
      throw new TidelockError("invalid-input", `${JSON.stringify(digest)} is not a digest`, {
        fault: "operator",
        hint: "expected sha256:<64 hex digits>",
      });
    }
    const hex = digestHex(parsed.data);
    return join(this.#root, "sha256", hex.slice(0, 2), hex.slice(2));
  }
}

async function statOrUndefined(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function mismatch(expected: Digest, found: Digest, what: string): TidelockError {
  return new TidelockError(
    "digest-mismatch",
    `${what} has other bytes than it should: expected ${expected}, got ${found}`,
    { hint: "the bytes were changed on the way or on the disk: upload the release again" },
  );
}

function asSenderGone(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code !== "ERR_STREAM_PREMATURE_CLOSE" && code !== "ECONNRESET" && code !== "ABORT_ERR") {
    return error;
  }
  return new TidelockError("cancelled", "the upload ended before it was complete", {
    retryable: true,
    hint: "send it again",
    cause: error,
  });
}
