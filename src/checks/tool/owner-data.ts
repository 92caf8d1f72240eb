import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { TidelockError } from "../../model/errors.ts";

/**
 * The folder of data that the server's owner gave a tool (`$TIDELOCK_TOOL_DATA/<tool>`), and how old it is: the
 * newest change of a file in it, two folders deep. Neither a pipeline nor a release has a say.
 *
 * @param how a command that fills it
 * @throws TidelockError `not-found` where there is none
 */
export function ownerData(
  tool: string,
  how: string,
): { readonly folder: string; readonly data: Readonly<Record<string, string>> } {
  const root = process.env["TIDELOCK_TOOL_DATA"];
  const folder = join(root ?? "", tool);
  const newest = root === undefined ? null : newestIn(folder, 2);
  if (newest !== null) return { folder, data: { [`${tool} data`]: newest.toISOString() } };
  throw new TidelockError("not-found", `${tool} has no data to decide by`, {
    fault: "operator",
    where: `$TIDELOCK_TOOL_DATA/${tool}`,
    hint: `make it with \`${how}\``,
  });
}

function newestIn(folder: string, depth: number): Date | null {
  let newest: Date | null = null;
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true }).slice(0, 1_000)) {
      const path = join(folder, entry.name);
      const at = entry.isFile()
        ? statSync(path).mtime
        : entry.isDirectory() && depth > 0
          ? newestIn(path, depth - 1)
          : null;
      if (at !== null && (newest === null || at > newest)) newest = at;
    }
  } catch {
    return newest;
  }
  return newest;
}
