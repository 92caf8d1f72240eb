import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";

export interface FoundProcess {
  readonly pid: number;
  readonly command: string;
}

/**
 * Every process that names `directory` in its command line, or in its environment:
 * what a run with that data directory has started, however it was started. Not this process.
 */
export function processesOf(directory: string): readonly FoundProcess[] {
  const all = process.platform === "linux" ? fromProc(directory) : fromPs(directory);
  return all.filter((found) => found.pid !== process.pid);
}

function fromProc(directory: string): FoundProcess[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    const command = read(`/proc/${pid}/cmdline`);
    const places = [command, read(`/proc/${pid}/environ`)];
    if (!places.some((text) => names(text, directory)) || isZombie(pid)) return [];
    return [{ pid: Number(pid), command: command.replaceAll("\0", " ").trim() }];
  });
}

/** `/var/lib/a` is not in `/var/lib/ab`. */
function names(text: string, directory: string): boolean {
  const at = text.indexOf(directory);
  if (at < 0) return false;
  const next = text.charAt(at + directory.length);
  if (next === "" || !/[A-Za-z0-9_.-]/.test(next)) return true;
  return names(text.slice(at + directory.length), directory);
}

function isZombie(pid: string): boolean {
  const stat = read(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(")") + 2).startsWith("Z");
}

function read(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    // Gone meanwhile, or another user's.
    return "";
  }
}

function fromPs(directory: string): FoundProcess[] {
  const text = execFileSync("ps", ["-axwwE", "-o", "pid=,command="], { encoding: "utf8" });
  return text.split("\n").flatMap((line) => {
    const match = /^\s*(\d+)\s+(.*)$/.exec(line);
    if (!match || !names(line, directory)) return [];
    return [{ pid: Number(match[1]), command: match[2] ?? "" }];
  });
}
