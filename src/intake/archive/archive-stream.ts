import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline, Transform } from "node:stream";
import { createGunzip } from "node:zlib";
import { TidelockError } from "../../model/errors.ts";

export interface ArchiveLimits {
  /** Bytes after decompression. */
  readonly maxBytes: number;
  /** Decompressed by compressed size; only asked beyond `ratioFreeBytes`, small archives compress well. */
  readonly maxRatio: number;
  readonly ratioFreeBytes: number;
  readonly maxEntries: number;
}

export const defaultLimits: ArchiveLimits = {
  maxBytes: 16 * 1024 ** 3,
  maxRatio: 200,
  ratioFreeBytes: 256 * 1024 ** 2,
  maxEntries: 1_000_000,
};

const blockBytes = 512;

/**
 * A tar file's bytes, decompressed by what the file is and not by its name, under the limits. It ends with
 * an error unless the archive ends with its own mark: a tar that was cut off between two entries looks
 * whole otherwise.
 */
export async function openArchive(path: string, limits: ArchiveLimits): Promise<Transform> {
  const kind = await sniff(path);
  const guard = new ArchiveGuard(path, limits);
  const file = createReadStream(path, { highWaterMark: 256 * 1024 });
  file.on("data", (chunk) => (guard.compressed += chunk.length));
  // Errors of every part end the guard, which is the only stream that is read.
  const done = () => undefined;
  if (kind === "gzip") pipeline(file, createGunzip(), guard, done);
  else pipeline(file, guard, done);
  return guard;
}

class ArchiveGuard extends Transform {
  compressed = 0;
  readonly #path: string;
  readonly #limits: ArchiveLimits;
  #size = 0;
  #tail: Buffer = Buffer.alloc(0);

  constructor(path: string, limits: ArchiveLimits) {
    super();
    this.#path = path;
    this.#limits = limits;
  }

  override _transform(
    chunk: Buffer,
    _: string,
    done: (error?: Error | null, data?: Buffer) => void,
  ) {
    this.#size += chunk.length;
    this.#tail = Buffer.concat([this.#tail, chunk.subarray(-blockBytes)]).subarray(-blockBytes);
    const { maxBytes, maxRatio, ratioFreeBytes } = this.#limits;
    const bomb = this.#size > ratioFreeBytes && this.#size > maxRatio * this.compressed;
    if (this.#size <= maxBytes && !bomb) return done(null, chunk);
    done(
      new TidelockError(
        "invalid-input",
        bomb
          ? `the archive unpacks to more than ${maxRatio} times its size: it looks like a bomb`
          : `the archive unpacks to more than ${maxBytes} bytes`,
        { fault: "operator", where: this.#path, hint: "pack the folder instead, without archives" },
      ),
    );
  }

  override _flush(done: (error?: Error | null) => void) {
    const whole = this.#tail.length === blockBytes && this.#tail.every((byte) => byte === 0);
    done(whole ? null : truncatedArchive(this.#path));
  }
}

export function truncatedArchive(path: string, cause?: unknown): TidelockError {
  return new TidelockError("invalid-input", "the archive is cut off: its end is missing", {
    fault: "operator",
    where: path,
    hint: "make or download it again",
    cause,
  });
}

async function sniff(path: string): Promise<"gzip" | "tar"> {
  const head = await readHead(path);
  if (head.length === 0) throw truncatedArchive(path);
  if (head[0] === 0x1f && head[1] === 0x8b) return "gzip";
  // "ustar" stands in every tar since 1988; other compressions and zip files do not have it there.
  if (head.length === blockBytes && head.toString("latin1", 257, 262) === "ustar") return "tar";
  if (head.length === blockBytes && head.every((byte) => byte === 0)) return "tar";
  throw new TidelockError("invalid-input", "this is neither a tar file nor a gzip-compressed one", {
    fault: "operator",
    where: path,
    hint: "make one with `tar -czf service.tgz -C folder .`, or pack the folder itself",
  });
}

async function readHead(path: string): Promise<Buffer> {
  try {
    const file = await open(path, "r");
    try {
      const buffer = Buffer.alloc(blockBytes);
      const { bytesRead } = await file.read(buffer, 0, blockBytes, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw new TidelockError(
      "not-found",
      `the archive cannot be read: ${(cause as Error).message}`,
      {
        fault: "operator",
        where: path,
        hint: "name a .tar, .tar.gz or .tgz file",
        cause,
      },
    );
  }
}
