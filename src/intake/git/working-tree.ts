import type { Exclude } from "../../tree/walk.ts";
import { askGit, git, gitLine } from "./git.ts";

/**
 * The paths below a folder that differ from the commit: changed, staged, removed, or new and not ignored.
 * Paths that never reach the artifact do not count.
 *
 * Filters named in the repository's configuration do not run: a file whose state git cannot tell
 * without one counts as changed, which is the safe answer.
 *
 * @param folder the service's folder, inside a repository
 */
export async function changedPaths(folder: string, exclude: Exclude): Promise<string[]> {
  const argv = [
    ...(await withoutFilters(folder)),
    "status",
    "--porcelain=v1",
    "-z",
    "--untracked-files=all",
    "--no-renames",
    "--ignore-submodules=none",
    "--",
    ".",
  ];
  const prefix = await gitLine(folder, ["rev-parse", "--show-prefix"]);
  const listed = (await git(folder, argv)).toString("utf8").split("\0").filter(Boolean);
  return listed
    .map((record) => record.slice(3 + prefix.length))
    .filter((path) => !isExcluded(path, exclude));
}

/** Whether the path or a folder above it is left out of the artifact. */
function isExcluded(path: string, exclude: Exclude): boolean {
  const names = path.replace(/\/$/, "").split("/");
  return names.some((name, index) => {
    const isFolder = index < names.length - 1;
    return name === ".tidelock" || exclude(names.slice(0, index + 1).join("/"), isFolder);
  });
}

/** Settings that turn every configured filter into none; `git status` would run them on changed files. */
async function withoutFilters(folder: string): Promise<string[]> {
  const { stdout } = await askGit(folder, [
    "config",
    "-z",
    "--name-only",
    "--get-regexp",
    "^filter\\.",
  ]);
  const names = new Set(
    stdout
      .toString("utf8")
      .split("\0")
      .filter(Boolean)
      .map((key) => key.slice("filter.".length, key.lastIndexOf("."))),
  );
  return [...names].flatMap((name) =>
    ["clean=", "smudge=", "process=", "required=false"].flatMap((setting) => [
      "-c",
      `filter.${name}.${setting}`,
    ]),
  );
}
