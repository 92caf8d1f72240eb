import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Check } from "../../ports/check.ts";
import type { Proof } from "./definition.ts";
import { toolFolders } from "./folders.ts";
import { isToolCheck } from "./tool-check.ts";

/** One external program that a check can run, as it is on this machine. */
export interface InstalledTool {
  readonly id: string;
  readonly proof: Proof;
  readonly install: string;
  /** Null where it is in none of the folders; the version is null where it did not say one. */
  readonly found: { readonly path: string; readonly version: string | null } | null;
}

const versionMs = 20_000;

/**
 * Looks for the programs of all external checks, and asks each that is there for its version: as this user,
 * so that one may still be missing for a check's user, which the check itself then says.
 */
export async function installedTools(
  checks: Iterable<Check>,
  environment: NodeJS.ProcessEnv,
): Promise<readonly InstalledTool[]> {
  const folders = toolFolders(environment);
  return Promise.all(
    [...checks].filter(isToolCheck).map(async ({ id, tool }) => {
      const { proof, install, programs, version } = tool;
      const path = folders
        .flatMap((folder) => programs.map((program) => join(folder, program)))
        .find(isExecutable);
      if (path === undefined) return { id, proof, install, found: null };
      const said = await answerOf(path, version.argv);
      return {
        id,
        proof,
        install,
        found: { path, version: version.pattern.exec(said)?.[1] ?? null },
      };
    }),
  );
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function answerOf(path: string, argv: readonly string[]): Promise<string> {
  try {
    const options = { timeout: versionMs, maxBuffer: 1024 * 1024, cwd: "/" };
    const { stdout, stderr } = await promisify(execFile)(path, [...argv], options);
    return `${stdout}\n${stderr}`;
  } catch {
    return "";
  }
}
