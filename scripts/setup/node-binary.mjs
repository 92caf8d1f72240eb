import { execFileSync } from "node:child_process";
import { existsSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { machineNode, run } from "./npm.mjs";

const wanted = 24;

/** The major version that `file --version` tells, or 0 when it does not run. */
function majorOf(file) {
  try {
    const text = execFileSync(file, ["--version"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return Number.parseInt(text.replace(/^v/, ""), 10) || 0;
  } catch {
    return 0;
  }
}

/**
 * Makes sure that scripts find Node 24: the `node` package's own, or the machine's when that is new enough.
 * The `node` package fetches the binary in an install script, which npm may have been told not to run
 * (`ignore-scripts`, a missing `allowScripts` entry); then the same script is run here, and said so.
 */
export async function ensureNode(root, say) {
  const bin = join(root, "node_modules", ".bin", "node");
  if (majorOf(bin) >= wanted) return;
  const folder = join(root, "node_modules", "node");
  const script = join(folder, "installArchSpecificPackage.js");
  if (existsSync(script)) {
    say("npm did not run the install script of the package `node`; running it to get Node 24");
    try {
      await run(machineNode(), [script], folder, "the install script of the package `node`");
    } catch (error) {
      if (majorOf(machineNode()) < wanted) throw error;
    }
    // npm links a program only when it is there at install time.
    if (!existsSync(bin)) {
      rmSync(bin, { force: true });
      symlinkSync(join("..", "node", "bin", "node"), bin);
    }
    if (majorOf(bin) >= wanted) return;
  }
  // A link to a binary that is not there is passed over in PATH, and the machine's own Node is found.
  if (!existsSync(bin) && majorOf(machineNode()) >= wanted) return;
  throw new Error(
    `Node ${wanted} is missing: node_modules/.bin/node does not run, and the machine's Node is ${process.version}. ` +
      "Delete node_modules and try again with a connection to the npm registry, or install Node 24 yourself.",
  );
}
