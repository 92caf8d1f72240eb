import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { type Layout, layout } from "../model/layout.ts";
import { writeDurably } from "./durable-file.ts";
import { isRunning, ownIdentity, ProcessIdentity } from "./process-identity.ts";

/** One running server of a data directory: `server/servers/<pid>.json`. */
export const ServerRecord = ProcessIdentity.extend({
  url: z.string(),
  version: z.string(),
  /** RFC 3339. */
  startedAt: z.string(),
});
export type ServerRecord = z.infer<typeof ServerRecord>;

/**
 * Says where this server is, for the command line and for a second start. Several servers may share a
 * data directory; each has its own record, and a killed one's no longer counts.
 *
 * @returns what takes the record away again
 */
export function registerServer(
  paths: Layout,
  {
    machineKey,
    ...server
  }: { readonly url: string; readonly version: string; readonly machineKey?: string },
): () => void {
  const folder = recordFolder(paths);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const record: ServerRecord = {
    ...ownIdentity(),
    ...server,
    startedAt: new Date().toISOString(),
  };
  const path = join(folder, `${process.pid}.json`);
  const keyPath = keyOf(folder, process.pid);
  if (machineKey !== undefined) writeDurably(keyPath, `${machineKey}\n`);
  writeDurably(path, `${JSON.stringify(record)}\n`);
  return () => {
    rmSync(path, { force: true });
    rmSync(keyPath, { force: true });
  };
}

/**
 * By which whoever may read the data directory has this running server end, without signing in; null: it is not ours to
 * read. New at every start, and gone with the server.
 */
export function findMachineKey(dataDir: string, { pid }: Pick<ServerRecord, "pid">): string | null {
  try {
    return readFileSync(keyOf(recordFolder(layout(dataDir)), pid), "utf8").trim();
  } catch {
    return null;
  }
}

function keyOf(folder: string, pid: number): string {
  return join(folder, `${pid}.key`);
}

/**
 * The servers that run on this data directory now, the longest-running first. Needs no server and changes
 * nothing; an empty list where there is no data directory or it is not ours to read.
 */
export function findServers(dataDir: string): readonly ServerRecord[] {
  const folder = recordFolder(layout(dataDir));
  const records: ServerRecord[] = [];
  for (const name of listFolder(folder)) {
    const record = readRecord(join(folder, name));
    if (record && isRunning(record)) records.push(record);
  }
  return records.sort((a, b) => a.startedAt.localeCompare(b.startedAt));
}

/** Takes away the records of servers that were killed. */
export function sweepServerRecords(paths: Layout): void {
  const folder = recordFolder(paths);
  for (const name of listFolder(folder)) {
    const record = readRecord(join(folder, name));
    if (record && isRunning(record)) continue;
    rmSync(join(folder, name), { force: true });
    rmSync(join(folder, name.replace(/\.json$/, ".key")), { force: true });
  }
}

function recordFolder(paths: Layout): string {
  return join(paths.server, "servers");
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith(".json"));
  } catch {
    return [];
  }
}

function readRecord(path: string): ServerRecord | undefined {
  try {
    return ServerRecord.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return undefined;
  }
}
