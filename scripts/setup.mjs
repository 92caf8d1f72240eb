// Makes a fresh clone runnable: `npm start` and `npm test` call this first. Plain JavaScript, because it
// runs on whatever Node the machine has (20 or newer); everything after it runs on Node 24.
//
// Says one line per action, nothing when there is nothing to do, and exits 1 with one clear sentence when
// the machine cannot run Tidelock.
import { existsSync, lstatSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { installedMatchesLock, lockFingerprint } from "./setup/installed.mjs";
import { withLock } from "./setup/lock.mjs";
import { platformProblem } from "./setup/platform.mjs";
import { ensureNode } from "./setup/node-binary.mjs";
import { ensurePostgres } from "./setup/postgres-binaries.mjs";
import { runNpm } from "./setup/npm.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, "node_modules");
const stamp = join(modules, ".tidelock-setup");
const say = (line) => process.stderr.write(`setup: ${line}\n`);

/** A linked node_modules belongs to another checkout: it is used as it is, never installed into. */
const linked = () => existsSync(modules) && lstatSync(modules).isSymbolicLink();

function upToDate(fingerprint) {
  try {
    return readFileSync(stamp, "utf8") === fingerprint;
  } catch {
    return false;
  }
}

/** Both take milliseconds when all is well, so every start looks. */
async function verify() {
  await ensureNode(root, say);
  await ensurePostgres(root, say);
}

async function install(fingerprint, onSpawn) {
  if (!installedMatchesLock(root)) {
    say("installing the dependencies that package-lock.json names (npm ci)");
    // --include=dev: the tools are needed even where NODE_ENV=production is set; engines are checked here,
    // because an older Node is fine for npm itself.
    await runNpm(root, ["ci", "--include=dev", "--no-engine-strict", "--prefer-offline"], onSpawn);
  }
  await verify();
  writeFileSync(stamp, fingerprint);
}

async function main() {
  const problem = platformProblem();
  if (problem) throw new Error(problem);
  const fingerprint = lockFingerprint(root);
  if (linked() || upToDate(fingerprint)) return verify();
  await withLock(join(root, ".tidelock", "setup.lock"), say, async (onSpawn) => {
    // Whoever held the lock before may have done it.
    if (!upToDate(fingerprint)) await install(fingerprint, onSpawn);
  });
}

main().catch((error) => {
  say(error.message);
  process.exitCode = 1;
});
