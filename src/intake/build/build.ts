import { realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { TidelockError } from "../../model/errors.ts";
import type { BuildDeclaration } from "../../model/pipeline.ts";
import { plainText } from "../../model/plain-text.ts";
import { type ProgramEnd, runProgram } from "./run-program.ts";

export interface BuildRequest {
  /** A clean copy of the service's folder; the build may do with it what it likes. */
  readonly folder: string;
  readonly declaration: BuildDeclaration;
  readonly env: NodeJS.ProcessEnv;
  readonly onLine?: (line: string) => void;
}

const toolTimeoutMs = 30_000;

/**
 * Runs the declared build and says which folder became the artifact and which tools made it. The tools are
 * asked before the build, in the same place and environment, so that a missing one costs nothing.
 *
 * @throws TidelockError `failed` (with the end of its output), `timeout`, `not-found` (program or output)
 */
export async function runBuild(
  request: BuildRequest,
): Promise<{ output: string; tools: Record<string, string> }> {
  const { folder, declaration, env } = request;
  const tools: Record<string, string> = {};
  for (const tool of declaration.tools) tools[tool] = await askVersion(tool, request);
  const end = await runProgram({
    folder,
    argv: declaration.command,
    env,
    timeoutMs: declaration.timeout,
    ...(request.onLine && { onLine: request.onLine }),
  });
  if (end.kind !== "exited" || end.code !== 0) throw buildFailed(declaration, end);
  return { output: await findOutput(folder, declaration.output), tools };
}

async function askVersion(tool: string, request: BuildRequest): Promise<string> {
  const { folder, env } = request;
  const argv = [tool, "--version"];
  const end = await runProgram({ folder, argv, env, timeoutMs: toolTimeoutMs });
  const line = end.tail.split("\n").find((text) => text.trim() !== "");
  if (end.kind === "exited" && end.code === 0 && line !== undefined) return plainText(line, 200);
  throw new TidelockError("not-found", `the build tool ${tool} does not say its version`, {
    fault: "operator",
    where: "spec.build.tools",
    hint: `install it, or take it out of the list; tried: ${tool} --version`,
  });
}

/** A folder inside the build's, also when links on the way try to lead elsewhere. */
async function findOutput(folder: string, output: string): Promise<string> {
  const root = await realpath(folder);
  const found = await realpath(join(root, output)).catch(() => undefined);
  const inside = found === root || found?.startsWith(`${root}${sep}`) === true;
  if (found !== undefined && inside && (await stat(found)).isDirectory()) return found;
  throw new TidelockError("not-found", `the build left no folder ${JSON.stringify(output)}`, {
    fault: "operator",
    where: "spec.build.output",
    hint: "name the folder that the build command makes, relative to the service's folder",
  });
}

function buildFailed(declaration: BuildDeclaration, end: ProgramEnd): TidelockError {
  const command = declaration.command.join(" ");
  const output = end.tail === "" ? "" : `; the end of its output:\n${end.tail}`;
  const where = "spec.build.command";
  if (end.kind === "not-started") {
    return new TidelockError(
      "not-found",
      `the build ${command} could not be started: ${end.code}`,
      {
        fault: "operator",
        where,
        hint: "is the program installed, and executable in the repository?",
      },
    );
  }
  if (end.kind === "timed-out") {
    const seconds = Math.round(declaration.timeout / 1000);
    return new TidelockError(
      "timeout",
      `the build ${command} took longer than ${seconds} s${output}`,
      {
        fault: "operator",
        where,
        hint: "raise spec.build.timeout, or find out what it waits for; it has no input and no terminal",
      },
    );
  }
  const how = end.kind === "killed" ? `was ended by ${end.signal}` : `ended with ${end.code}`;
  return new TidelockError("failed", `the build ${command} ${how}${output}`, {
    fault: "operator",
    where,
    hint: "it ran in a clean copy with a small environment: declare what it needs, or hand in a finished folder",
  });
}
