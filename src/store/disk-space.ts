import { statfs } from "node:fs/promises";
import { TidelockError } from "../model/errors.ts";

/** Kept free for the database's log and the agent's journal, which must never meet a full disk. */
export const defaultMinimumFreeBytes = 256 * 1024 * 1024;

/**
 * Refuses to take in more when the file system would then have less than the floor left.
 *
 * @param bytes about to be written; 0 where the size is not known yet
 * @throws TidelockError `disk-full`
 */
export async function requireSpace(
  folder: string,
  bytes: number,
  minimumFreeBytes = defaultMinimumFreeBytes,
): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free - bytes >= minimumFreeBytes) return;
  const mib = (value: number) => `${Math.ceil(value / 1024 / 1024)} MiB`;
  throw new TidelockError(
    "disk-full",
    `the disk is too full: ${mib(free)} are free, and ${mib(minimumFreeBytes)} stay reserved${bytes > 0 ? ` beside the ${mib(bytes)} to be stored` : ""}`,
    { where: folder, hint: "free some disk space, or move the data directory to a larger disk" },
  );
}

/** Turns the system's words for a full disk or quota into ours; every other error stays as it is. */
export function asDiskFull(error: unknown, where: string): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code !== "ENOSPC" && code !== "EDQUOT") return error;
  return new TidelockError("disk-full", "there is no space left on the disk", {
    where,
    hint: "free some disk space, then try again: nothing half-written was kept",
    cause: error,
  });
}
