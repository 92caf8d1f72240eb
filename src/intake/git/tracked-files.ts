import type { Exclude } from "../../tree/walk.ts";
import { git } from "./git.ts";

/**
 * Leaves out what git ignores: a build starts from what is committed (or would be), not from what earlier
 * builds left behind.
 *
 * @param folder the service's folder, inside a repository
 */
export async function excludeIgnored(folder: string): Promise<Exclude> {
  const listed = await git(folder, [
    "ls-files",
    "-z",
    "--cached",
    "--others",
    "--exclude-standard",
    "--deduplicate",
    "--",
    ".",
  ]);
  const files = new Set(listed.toString("utf8").split("\0").filter(Boolean));
  const folders = new Set<string>();
  for (const file of files) {
    for (const parent of parents(file)) folders.add(parent);
  }
  return (path) => {
    if (files.has(path) || folders.has(path)) return false;
    // A submodule is listed as one entry; what is checked out in it comes along.
    return !parents(path).some((parent) => files.has(parent));
  };
}

function parents(path: string): string[] {
  const names = path.split("/");
  return names.slice(0, -1).map((_, index) => names.slice(0, index + 1).join("/"));
}
