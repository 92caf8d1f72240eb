import { spawn } from "node:child_process";
import { chmod, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { killUser } from "./process-table.ts";

/** Forks and exits without end, a byte a time: whoever reads the process table comes too late. */
const hopper = `hop() { printf x >> "$1"; [ "$2" -gt 0 ] && hop "$1" $(($2 - 1)) & }
trap '' TERM HUP
hop "$1" 6000
`;
/** Outside of what agents give away. */
const user = 61_999;

test("a program that forks faster than the process table is read ends with its user", async (context) => {
  if (process.getuid?.() !== 0 || process.platform !== "linux") {
    context.skip("only root on Linux can start programs as another user");
  }
  const folder = await mkdtemp(join(tmpdir(), "tl-hopper-"));
  const beats = join(folder, "beats");
  try {
    await chmod(folder, 0o755);
    await writeFile(join(folder, "hop.sh"), hopper, { mode: 0o644 });
    await writeFile(beats, "");
    await chmod(beats, 0o666);
    spawn("/bin/sh", [join(folder, "hop.sh"), beats], {
      uid: user,
      gid: user,
      detached: true,
      stdio: "ignore",
      env: {},
    }).unref();
    await expect.poll(() => sizeOf(beats), { interval: 5, timeout: 5_000 }).toBeGreaterThan(50);
    expect(killUser(user)).toBe(true);
    await sleep(20);
    const after = await sizeOf(beats);
    await sleep(150);
    expect(await sizeOf(beats)).toBe(after);
  } finally {
    killUser(user);
    await rm(folder, { recursive: true, force: true });
  }
});

async function sizeOf(path: string): Promise<number> {
  return (await stat(path)).size;
}
