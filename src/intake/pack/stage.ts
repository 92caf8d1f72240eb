import { createHash } from "node:crypto";
import { open, rm } from "node:fs/promises";
import { TidelockError } from "../../model/errors.ts";
import type { Digest } from "../../model/primitives.ts";

/** Bytes that wait on disk for their upload. */
export interface StagedBlob {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly path: string;
}

/**
 * Writes a stream to a new file and hashes it on the way. Nothing stays when it fails.
 *
 * @throws TidelockError `disk-full`, and whatever the stream throws
 */
export async function stageBlob(source: AsyncIterable<Buffer>, path: string): Promise<StagedBlob> {
  const hash = createHash("sha256");
  let size = 0;
  const file = await open(path, "wx", 0o600);
  try {
    for await (const chunk of source) {
      hash.update(chunk);
      size += chunk.length;
      await file.writeFile(chunk);
    }
  } catch (error) {
    await rm(path, { force: true });
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== "ENOSPC" && code !== "EDQUOT") throw error;
    throw new TidelockError("disk-full", "there is no space left to pack the release", {
      where: path,
      hint: "free some disk space, or set TMPDIR to a folder on a larger disk",
      cause: error,
    });
  } finally {
    await file.close();
  }
  return { digest: `sha256:${hash.digest("hex")}`, size, path };
}
