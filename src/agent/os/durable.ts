import { randomBytes } from "node:crypto";
import { type FileHandle, open, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { TidelockError } from "../../model/errors.ts";

/** Marks what an interrupted write left behind; swept at start. */
const temporaryMark = ".tl-tmp-";

/**
 * Replaces a file so that a reader, a crash or a power cut sees the old content or the new one, never a
 * part: write beside it, fsync, rename, fsync the folder. Throws `disk-full`; the old content then stays.
 */
export async function writeDurably(path: string, data: string, mode = 0o600): Promise<void> {
  const temporary = `${path}${temporaryMark}${randomBytes(6).toString("hex")}`;
  try {
    const file = await open(temporary, "wx", mode);
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true });
    throw diskError(error, path);
  }
}

/**
 * Replaces a file in one step for readers, but not against a power cut: for what is made anew at every
 * start anyway, and that somebody waits for.
 */
export async function writeAtomically(path: string, data: string, mode = 0o600): Promise<void> {
  const temporary = `${path}${temporaryMark}${randomBytes(6).toString("hex")}`;
  try {
    await writeFile(temporary, data, { mode, flag: "wx" });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw diskError(error, path);
  }
}

export async function syncDirectory(path: string): Promise<void> {
  let directory: FileHandle | undefined;
  try {
    directory = await open(path, "r");
    await directory.sync();
  } catch (error) {
    // Some file systems refuse fsync on a folder (EINVAL); the rename itself is then all there is.
    if (errorCode(error) !== "EINVAL") throw error;
  } finally {
    await directory?.close();
  }
}

/** Removes what writes that were killed half-way left in a folder. */
export async function sweepTemporaries(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (basename(name).includes(temporaryMark)) await rm(join(directory, name), { force: true });
  }
}

/** The errno name of a failed system call, e.g. `ENOSPC`. */
export function errorCode(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === "string" ? code : undefined;
}

/** Turns "no space" and "over quota" into our own error; anything else is handed through. */
export function diskError(error: unknown, where: string): unknown {
  const code = errorCode(error);
  if (code !== "ENOSPC" && code !== "EDQUOT") return error;
  return new TidelockError("disk-full", `there is no space left to write ${where}`, {
    where,
    retryable: true,
    hint: "free some space on this file system, then try again; nothing was changed",
    cause: error,
  });
}
