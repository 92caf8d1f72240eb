import { spawnSync } from "node:child_process";
import type { TestContext } from "vitest";

/**
 * The argv that runs a program in a mount namespace of its own, in which `folder` is a disk of `mebibytes`:
 * a really full disk without touching the machine's. Skips the test where the machine does not allow it.
 */
export function onSmallDisk(context: TestContext, folder: string, mebibytes: number): string[] {
  const script = 'mount -t tmpfs -o "size=$1" tidelock-test "$2" && shift 2 && exec "$@"';
  const user = process.getuid?.() === 0 ? [] : ["--user", "--map-current-user", "--keep-caps"];
  const argv = ["unshare", ...user, "--mount", "sh", "-c", script, "sh", `${mebibytes}m`, folder];
  const trial = spawnSync(argv[0] ?? "", [...argv.slice(1), "true"], { encoding: "utf8" });
  if (trial.status !== 0) {
    context.skip(`no disk of our own can be mounted here: ${trial.stderr ?? trial.error?.message}`);
  }
  return argv;
}
