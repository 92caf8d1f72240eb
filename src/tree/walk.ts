import { lstat, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { TidelockError } from "../model/errors.ts";
import { checkLink, checkPath, decodeName, reservedNames, type TreeEntry } from "./tree-entry.ts";

/** Says which paths are left out; a folder that is left out takes everything below it along. */
export type Exclude = (path: string, isDirectory: boolean) => boolean;

/**
 * Every entry of a folder in the order of the format. Only paths are held in memory, never contents.
 *
 * @throws TidelockError `invalid-input` for links that may leave the tree, for devices, sockets and pipes,
 *   and for names that are not UTF-8; `not-found` for a folder that is not there
 */
export async function walkTree(root: string, exclude: Exclude = () => false): Promise<TreeEntry[]> {
  await requireFolder(root);
  const entries: TreeEntry[] = [];
  const folders = [""];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const found of await readdir(join(root, folder), { encoding: "buffer" })) {
      const name = decodeName(found, "its name");
      const path = folder === "" ? name : `${folder}/${name}`;
      if (reservedNames.has(name)) continue;
      const entry = await describe(root, path, exclude);
      if (!entry) continue;
      entries.push(entry);
      if (entry.kind === "directory") folders.push(path);
    }
  }
  const keyed = entries.map((entry) => ({ key: Buffer.from(entry.path), entry }));
  return keyed.sort((a, b) => Buffer.compare(a.key, b.key)).map(({ entry }) => entry);
}

async function describe(
  root: string,
  path: string,
  exclude: Exclude,
): Promise<TreeEntry | undefined> {
  const status = await lstat(join(root, path));
  if (exclude(path, status.isDirectory())) return undefined;
  checkPath(path);
  if (status.isDirectory()) return { kind: "directory", path };
  if (status.isSymbolicLink()) {
    const bytes = await readlink(join(root, path), { encoding: "buffer" });
    const target = decodeName(bytes, "its target");
    checkLink(path, target);
    return { kind: "symlink", path, target };
  }
  if (status.isFile()) {
    return { kind: "file", path, executable: (status.mode & 0o100) !== 0, size: status.size };
  }
  const what = status.isSocket() ? "a socket" : status.isFIFO() ? "a named pipe" : "a device";
  throw new TidelockError("invalid-input", `${JSON.stringify(path)} is ${what}`, {
    fault: "operator",
    where: join(root, path),
    hint: "a release holds files, folders and links: remove it or exclude it",
  });
}

async function requireFolder(root: string): Promise<void> {
  const status = await lstat(root).catch(() => undefined);
  if (status?.isDirectory()) return;
  throw new TidelockError(
    status ? "invalid-input" : "not-found",
    status ? `${root} is not a folder` : `there is no folder ${root}`,
    { fault: "operator", where: root, hint: "name the folder that becomes the release" },
  );
}
