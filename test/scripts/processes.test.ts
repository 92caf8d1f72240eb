import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { processesOf } from "../../scripts/demo/processes.ts";

function sleeper(args: readonly string[], variables: Record<string, string>): number {
  const wait = ["--eval", "setInterval(() => {}, 1000)", ...args];
  const child = spawn(process.execPath, wait, { env: variables, stdio: "ignore" });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child.pid ?? 0;
}

it("finds who names a folder in its arguments or its environment, and not its neighbours", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tidelock-processes-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const byArgument = sleeper(["--", `--data-dir=${folder}`], {});
  const byVariable = sleeper([], { TIDELOCK_STATE_DIR: `${folder}/state/shop` });
  sleeper(["--", `${folder}-2`], {});
  await expect
    .poll(() => processesOf(folder).map(({ pid }) => pid))
    .toEqual([byArgument, byVariable].toSorted((a, b) => a - b));
});
