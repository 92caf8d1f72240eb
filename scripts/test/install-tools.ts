import { spawn } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import {
  type OptionalTool,
  type ToolName,
  findProgram,
  isRoot,
  optionalTools,
  testTools,
} from "../../test/support/optional.ts";

/** Of one installation. Slower ones are given up: the tests that need it then skip, and say so. */
const installMs = 240_000;

/**
 * Installs the missing ones of the known tools: by apt-get, or into a folder of their own by pip or npm.
 * Asked for explicitly, and only as root.
 */
export async function installMissingTools(): Promise<void> {
  const names = Object.keys(optionalTools) as ToolName[];
  const missing = names.filter((name) =>
    optionalTools[name].programs.every((program) => findProgram(program) === null),
  );
  if (missing.length === 0) return;
  if (!isRoot || findProgram("apt-get") === null) {
    console.log(`cannot install ${missing.join(", ")} here: that takes root and apt-get`);
    return;
  }
  const tools: readonly OptionalTool[] = missing.map((name) => optionalTools[name]);
  const packages = [...new Set(tools.flatMap(({ apt }) => apt ?? []))];
  if (packages.length > 0) {
    console.log(`installing ${packages.join(", ")} (apt-get)`);
    await run("apt-get", ["update", "-qq"]);
    await run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...packages]);
  }
  mkdirSync(join(testTools, "bin"), { recursive: true });
  for (const tool of tools) await installElsewhere(tool);
}

/** Each in a folder of its own, with a link in `bin` that other users can follow. */
async function installElsewhere({ programs, pip, npm }: OptionalTool): Promise<void> {
  const [program = ""] = programs;
  const folder = join(testTools, program);
  const what = pip ?? npm;
  if (what === undefined) return;
  console.log(`installing ${what}`);
  if (pip !== undefined) {
    // The system's Python: another one may lie where a check's user cannot reach it.
    await run("/usr/bin/python3", ["-m", "venv", folder]);
    if (!(await run(join(folder, "bin", "pip"), ["install", "--quiet", pip]))) return;
    symlinkSync(join(folder, "bin", program), join(testTools, "bin", program));
  } else if (npm !== undefined) {
    mkdirSync(folder, { recursive: true });
    if (!(await run("npm", ["install", "--silent", "--prefix", folder, ...npm.split(" ")]))) return;
    symlinkSync(join(folder, "node_modules", ".bin", program), join(testTools, "bin", program));
  }
}

async function run(command: string, args: readonly string[]): Promise<boolean> {
  const child = spawn(command, args, {
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    stdio: ["ignore", "ignore", "inherit"],
    timeout: installMs,
  });
  const code = await new Promise<number | null>((resolve) => {
    child.once("error", () => resolve(null));
    child.once("close", resolve);
  });
  // The tests that need the tool then skip, and say so; where they may not skip, the run fails there.
  if (code !== 0) console.log(`${command} ${args.join(" ")} did not work`);
  return code === 0;
}
