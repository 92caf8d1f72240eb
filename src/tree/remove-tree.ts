import { chmod, lstat, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

/** A process that is just ending may still write into the folder: so many further attempts, so far apart. */
const attempts = 5;
const pauseMs = 100;

/**
 * Removes a folder whose parts may be read-only, or in use by a process that is just ending.
 * A folder that is not there is fine; no link is followed.
 */
export async function removeTree(path: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await rm(path, { recursive: true, force: true });
    } catch (error) {
      if (attempt > attempts) throw error;
      if (attempt > 1) await pause(pauseMs);
      await makeWritable(path);
    }
  }
}

async function makeWritable(path: string): Promise<void> {
  try {
    const entry = await lstat(path);
    if (!entry.isDirectory()) return;
    await chmod(path, 0o700);
    for (const name of await readdir(path)) await makeWritable(join(path, name));
  } catch (error) {
    // Somebody else removed it: that is what was wanted.
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
