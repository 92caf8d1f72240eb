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
export function runNpm(cwd, args) {
  const [command, ...first] = npmCommand();
  return run(command, [...first, ...args], cwd, `npm ${args.join(" ")}`);
}

/** Runs a program without a shell; rejects with the end of its output. */
export function run(command, args, cwd, title) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const keep = (chunk) => {
      output = (output + chunk).slice(-16_384);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.on("error", (error) => reject(new Error(`${title} could not start: ${error.message}`)));
    child.on("close", (code, signal) => {
      if (code === 0) return resolve(output);
      const tail = output.trim().split("\n").slice(-20).join("\n");
      reject(new Error(`${title} failed (${signal || `exit code ${code}`}):\n${tail}`));
    });
  });
}
