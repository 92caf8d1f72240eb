import { closeSync, openSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { DatabaseSync } from "node:sqlite";
import { TidelockError } from "../model/errors.ts";

/**
 * Mutual exclusion between processes of one machine, for short sections. The lock is the kernel's (SQLite
 * takes it on our behalf, the one portable way to it without a native addon), so kill -9 of the holder
 * releases it and there is no stale lock file to reason about.
 *
 * @param path      the lock file; it is created, stays empty and must lie in a private folder
 * @param purpose   what the section does, for the message of whoever waits in vain
 * @throws TidelockError `timeout` (retryable) when somebody else holds it for longer than `timeoutMs`
 */
export async function withFileLock<T>(
  path: string,
  purpose: string,
  section: () => Promise<T>,
  timeoutMs = 180_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  closeSync(openSync(path, "a", 0o600));
  const lock = new DatabaseSync(path, { timeout: 0 });
  try {
    while (!tryLock(lock)) {
      if (Date.now() > deadline) {
        throw new TidelockError("timeout", `another process is still busy: ${purpose}`, {
          retryable: true,
          where: path,
          hint: "try again when it is done; `lsof` on this file names the process",
        });
      }
      await sleep(20);
    }
    return await section();
  } finally {
    lock.close();
  }
}

function tryLock(lock: DatabaseSync): boolean {
  try {
    lock.exec("BEGIN EXCLUSIVE");
    return true;
  } catch (error) {
    // SQLITE_BUSY; anything else (no permission, read-only disk) is for the caller.
    if (error instanceof Error && "errcode" in error && error.errcode === 5) return false;
    throw error;
  }
}
