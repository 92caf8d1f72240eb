import { readFileSync, readdirSync, readlinkSync } from "node:fs";

/**
 * Kills what was started from below `folder` and is still there: a broken agent, a service that nobody
 * adopted. The folder is ours alone, so whoever works in it or names it in its command line is ours too.
 * Only where the system shows that (/proc).
 */
export function endProcessesOf(folder: string): void {
  if (process.platform !== "linux") return;
  for (let round = 0; round < 3; round += 1) {
    const found = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && isOf(name, folder));
    if (found.length === 0) return;
    for (const pid of found) {
      try {
        process.kill(Number(pid), "SIGKILL");
      } catch {
        // It has ended meanwhile.
      }
    }
  }
}

function isOf(pid: string, folder: string): boolean {
  if (Number(pid) === process.pid) return false;
  const inside = `${folder}/`;
  return (
    look(() => `${readlinkSync(`/proc/${pid}/cwd`)}/`).startsWith(inside) ||
    look(() => readFileSync(`/proc/${pid}/cmdline`, "utf8")).includes(inside)
  );
}

function look(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}
