import { type ChildProcess, spawn } from "node:child_process";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Outcome, failed, passed } from "./outcome.ts";

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const children = new Set<ChildProcess>();
let stopping = false;

/** Passes a Ctrl-C on to whatever runs; each child ends its own children. */
export function stopChildren(signal: NodeJS.Signals): void {
  stopping = true;
  for (const child of children) child.kill(signal);
}

/** Starts a program with the project's own tools first in PATH; null once the run is being ended. */
export function start(
  command: string,
  args: readonly string[],
  output: "pipe" | "inherit",
): ChildProcess | null {
  if (stopping) return null;
  const child = spawn(command, args, {
    cwd: root,
    env: toolEnvironment(),
    stdio: ["ignore", output, output],
  });
  children.add(child);
  child.once("close", () => children.delete(child));
  return child;
}

/** The exit code, or the signal or error that kept the program from having one. */
export function ending(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (exit, signal) => resolve(signal ?? exit ?? 1));
  });
}

/** The project's own tools come first, so that a step never finds another version in the system. */
function toolEnvironment(): NodeJS.ProcessEnv {
  const bin = join(root, "node_modules", ".bin");
  return { ...process.env, PATH: `${bin}${delimiter}${process.env["PATH"] ?? ""}` };
}

/** Runs one program as one test; its output is shown when it fails. */
export async function runStep(
  title: string,
  command: string,
  args: readonly string[],
): Promise<Outcome> {
  const started = performance.now();
  const child = start(command, args, "pipe");
  if (child === null) return failed(`${title}: interrupted`);
  let output = "";
  child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const code = await ending(child);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${code === 0 ? "ok    " : "FAILED"} ${title} (${seconds} s)`);
  if (code === 0) return passed();
  console.log(output.trimEnd());
  return failed(`${title}: ${command} ${args.join(" ")} ended with ${code}`);
}
