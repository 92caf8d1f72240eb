import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeDurably } from "../durable-file.ts";
import { isRunning, ownIdentity, ProcessIdentity } from "../process-identity.ts";

/**
 * Who uses the shared database: one file for each `openEmbedded` that is not stopped. A crashed
 * process leaves its file behind; it no longer counts, because that process no longer runs. All
 * functions here are called under the database's lock.
 */
export function addReference(folder: string): string {
  const path = join(folder, `${process.pid}-${randomUUID()}.json`);
  writeDurably(path, JSON.stringify(ownIdentity()));
  return path;
}

/** Removes the files of dead processes and returns the pids of those that live. */
export function liveReferences(folder: string): number[] {
  const pids: number[] = [];
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const identity = readIdentity(path);
    if (identity && isRunning(identity)) pids.push(identity.pid);
    else rmSync(path, { force: true });
  }
  return pids;
}

export function dropReference(path: string): void {
  rmSync(path, { force: true });
}

function readIdentity(path: string): ProcessIdentity | undefined {
  try {
    return ProcessIdentity.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return undefined;
  }
}
