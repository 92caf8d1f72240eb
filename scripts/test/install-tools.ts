import { spawn } from "node:child_process";
import { type ToolName, findProgram, isRoot, optionalTools } from "../../test/support/optional.ts";

/** Installs the missing ones of the known tools by apt-get. Asked for explicitly, and only as root. */
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
  const packages = [...new Set(missing.map((name) => optionalTools[name].apt))];
  console.log(`installing ${packages.join(", ")} (apt-get)`);
  await apt(["update", "-qq"]);
  await apt(["install", "-y", "-qq", "--no-install-recommends", ...packages]);
}

async function apt(args: readonly string[]): Promise<void> {
  const child = spawn("apt-get", args, {
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const code = await new Promise<number | null>((resolve) => {
    child.once("error", () => resolve(null));
    child.once("close", resolve);
  });
  // The tests that need the tool then skip, and say so; where they may not skip, the run fails there.
  if (code !== 0) console.log(`apt-get ${args.join(" ")} did not work`);
}
