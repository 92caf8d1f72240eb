import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errorCode } from "../os/durable.ts";

const mountProgram = "/usr/bin/mount";
const umountProgram = "/usr/bin/umount";
/** Ours, beside the processes' folders and not in one: takes the room that an empty disk would still have. */
const ballast = ".ballast";
const page = 4_096;
/** The service may write between our look and our change. */
const tries = 20;

/** Why this machine gives no deployment a disk of its own, in words; null when it does. */
export function whyNoDisk(): string | null {
  if (process.platform !== "linux") return "only Linux has disks in memory of a fixed size";
  if (process.getuid?.() !== 0) return "the host agent does not run as root, so it mounts nothing";
  if (!existsSync(mountProgram) || !existsSync(umountProgram)) return `there is no ${mountProgram}`;
  return null;
}

/** Whether something is mounted exactly here. */
export function isMounted(path: string): boolean {
  let table: string;
  try {
    table = readFileSync("/proc/self/mountinfo", "utf8");
  } catch {
    return false;
  }
  // Its fifth field; spaces and the like are octal (proc_pid_mountinfo(5)).
  const places = table.split("\n").map((line) => line.split(" ")[4] ?? "");
  return places.some((place) => unescaped(place) === path);
}

/**
 * Puts a disk of `bytes` at an empty folder, for processes of one group.
 * @throws Error in the system's words where it may not
 */
export function mountDisk(path: string, bytes: number, group: number | null): void {
  if (isMounted(path)) return;
  const access = group === null ? "mode=0700" : `mode=0750,uid=0,gid=${group}`;
  run(mountProgram, [
    "-t",
    "tmpfs",
    "-o",
    `size=${bytes},nosuid,nodev,${access}`,
    "tidelock",
    path,
  ]);
}

/** Takes it away, with what is on it. Does nothing where none is. */
export function unmountDisk(path: string): void {
  for (let round = 0; round < 5 && isMounted(path); round += 1) {
    // Lazily: one last process that is just ending must not keep it.
    run(umountProgram, ["-l", path]);
  }
}

/** Leaves no room: the disk becomes as large as what is on it. Answers what is free now; 0 when it worked. */
export function fillDisk(path: string): number {
  for (let round = 0; round < tries; round += 1) {
    try {
      if (!existsSync(join(path, ballast))) {
        writeFileSync(join(path, ballast), Buffer.alloc(page), { mode: 0o600 });
      }
      const { blocks, bfree, bsize } = statfsSync(path);
      resize(path, Math.max((blocks - bfree) * bsize, page));
    } catch {
      // It grew meanwhile, or is full already: look again.
    }
    if (!takesAPage(path)) return 0;
  }
  return freeBytes(path);
}

/** Gives it its declared size again. Answers whether there is room. */
export function freeDisk(path: string, bytes: number): boolean {
  if (!isMounted(path)) return true;
  resize(path, bytes);
  rmSync(join(path, ballast), { force: true });
  return takesAPage(path) || freeBytes(path) > 0;
}

export function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}

/** Writes one page, as any process would, and takes it back. */
export function takesAPage(path: string): boolean {
  const probe = join(path, ".probe");
  try {
    writeFileSync(probe, Buffer.alloc(page), { mode: 0o600 });
    return true;
  } catch (error) {
    if (errorCode(error) === "ENOSPC") return false;
    throw error;
  } finally {
    rmSync(probe, { force: true });
  }
}

function resize(path: string, bytes: number): void {
  run(mountProgram, ["-o", `remount,size=${bytes}`, path]);
}

function run(program: string, args: readonly string[]): void {
  const done = spawnSync(program, [...args], {
    env: {},
    cwd: "/",
    encoding: "utf8",
    stdio: ["ignore", "ignore", "pipe"],
    timeout: 5_000,
  });
  if (done.status === 0) return;
  const why = done.error?.message ?? done.stderr.trim().split("\n")[0] ?? "";
  throw new Error(`${program} ${args[0] ?? ""}: ${why || `exit code ${done.status}`}`);
}

function unescaped(place: string): string {
  return place.replaceAll(/\\([0-7]{3})/g, (_text, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}
