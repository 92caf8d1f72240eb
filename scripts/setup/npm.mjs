import { spawn } from "node:child_process";
import { accessSync, constants, realpathSync } from "node:fs";
import { basename, delimiter, join, sep } from "node:path";

const nodeModules = `${sep}node_modules${sep}`;

/**
 * The machine's own Node. Under `npm start` the PATH begins with node_modules/.bin, whose Node disappears
 * while `npm ci` replaces node_modules.
 */
export function machineNode() {
  for (const folder of (process.env.PATH || "").split(delimiter)) {
    if (!folder) continue;
    const file = join(folder, "node");
    try {
      accessSync(file, constants.X_OK);
      if (!realpathSync(file).includes(nodeModules)) return file;
    } catch {
      // Not here.
    }
  }
  return process.execPath;
}

function npmCommand() {
  const cli = process.env.npm_execpath;
  if (cli && basename(cli) === "npm-cli.js") return [machineNode(), cli];
  return ["npm"];
}

/** Runs npm in `cwd`; its output is shown only when it fails. */
export function runNpm(cwd, args, onSpawn) {
  const [command, ...first] = npmCommand();
  return run(command, [...first, ...args], cwd, `npm ${args.join(" ")}`, onSpawn);
}

/** Runs a program without a shell; rejects with the end of its output. */
export function run(command, args, cwd, title, onSpawn = () => {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    if (child.pid) onSpawn(child.pid);
    let output = "";
    const keep = (chunk) => {
      if (output.length < 65_536) output += chunk;
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.on("error", (error) => reject(new Error(`${title} could not start: ${error.message}`)));
    child.on("close", (code, signal) => {
      if (code === 0) return resolve();
      const how = signal || `exit code ${code}`;
      reject(new Error(`${title} failed (${how}):\n${essence(output)}`));
    });
  });
}

/** What went wrong is at the start of npm's errors; its usage text and its warnings follow or precede. */
function essence(output) {
  const lines = output
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.startsWith("npm warn"));
  return lines.slice(0, 25).join("\n");
}
