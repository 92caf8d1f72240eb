import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { type ProcessStatus, processStatus } from "./identity.ts";

export interface TableEntry extends ProcessStatus {
  readonly pid: number;
}

/** Every running process that this user may see. Linux only; empty elsewhere. */
export function processTable(): readonly TableEntry[] {
  if (process.platform !== "linux") return [];
  const entries: TableEntry[] = [];
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const pid = Number(name);
    const status = processStatus(pid);
    if (status !== null) entries.push({ pid, ...status });
  }
  return entries;
}

/** The process itself, everything in its session or group, and their descendants in other sessions. */
export function familyOf(leader: number, table = processTable()): readonly number[] {
  const family = new Set<number>();
  for (const entry of table) {
    if (entry.pid === leader || entry.session === leader || entry.group === leader) {
      family.add(entry.pid);
    }
  }
  for (let grown = true; grown;) {
    grown = false;
    for (const entry of table) {
      if (family.has(entry.parent) && !family.has(entry.pid)) {
        family.add(entry.pid);
        grown = true;
      }
    }
  }
  return [...family];
}

/** Real, effective, saved and file system uid of a process; null when it is gone. */
export function uidsOf(pid: number): readonly number[] | null {
  try {
    const line = /^Uid:\s+(.+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return line?.[1] === undefined ? null : line[1].split(/\s+/).map(Number);
  } catch {
    return null;
  }
}

/** The environment a process was started with, where we may read it. */
export function environmentOf(pid: number): ReadonlyMap<string, string> | null {
  try {
    const pairs = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
    return new Map(
      pairs.flatMap((pair): [string, string][] => {
        const equals = pair.indexOf("=");
        return equals < 1 ? [] : [[pair.slice(0, equals), pair.slice(equals + 1)]];
      }),
    );
  } catch {
    return null;
  }
}

/** Sends a signal to one process or (negative) a group; false when there was nobody to receive it. */
export function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}

/** Sends its signal as whoever runs it: with -1 to all that this user may signal. */
const killProgram = "/bin/kill";

/**
 * Ends, at once, every process of a numeric user that runs nothing but one slot or one check. Going by the
 * process table alone misses a program that forks and exits faster than the table is read; one signal to
 * all of a user's processes is atomic against fork (kill(2), pid -1).
 *
 * @returns whether nothing of that user is left; false where that could not be made sure of
 */
export function killUser(uid: number): boolean {
  // As root or as ourselves, "everything that may be signalled" would be everything.
  if (uid === 0 || uid === process.getuid?.()) throw new Error(`refused to end all of user ${uid}`);
  for (let round = 0; round < 20; round += 1) {
    if (signalAll(uid)) return true;
    // It was killed or stopped by those whom it was to end, or there is no such program here.
    const found = processTable().filter((entry) => uidsOf(entry.pid)?.includes(uid));
    for (const entry of found) sendSignal(entry.pid, "SIGKILL");
    if (found.length === 0 && !existsSync(killProgram)) return true;
  }
  return false;
}

function signalAll(uid: number): boolean {
  const { status } = spawnSync(killProgram, ["-KILL", "--", "-1"], {
    uid,
    gid: uid,
    cwd: "/",
    env: {},
    stdio: "ignore",
    timeout: 500,
    killSignal: "SIGKILL",
  });
  return status === 0;
}
