import { accessSync, constants, statSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { TidelockError } from "../../model/errors.ts";

/**
 * The file a command runs, found the way exec would, before anything is started: `missing command` is
 * then an error with a name and a place, not an exit status of some wrapper.
 */
export function resolveCommand(command: string, directory: string, path: string): string {
  if (command.includes("/")) {
    const file = isAbsolute(command) ? command : join(directory, command);
    if (isExecutable(file)) return file;
    throw missing(command, `it is no executable file (looked for ${file})`);
  }
  for (const folder of path.split(":")) {
    const file = join(folder, command);
    if (isExecutable(file)) return file;
  }
  throw missing(command, `it is in none of ${path}`);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

function missing(command: string, why: string): TidelockError {
  return new TidelockError("invalid-input", `the command ${command} cannot be run: ${why}`, {
    where: "command",
    fault: "operator",
    hint: "name a program of the release (./bin/server) or one that is installed on the machine",
  });
}
