import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { TidelockError } from "../../model/errors.ts";
import { syncFolder, writeDurably } from "../../store/durable-file.ts";
import { type Anchor, folderOf, pathOfAnchor, requireSame, sizeInPath } from "./anchor.ts";

/**
 * One file for each checkpoint, never written over. The folder has to exist: one that is mounted from elsewhere and
 * is not there now must not be mistaken for an empty one.
 */
export function fileAnchor(root: string): Anchor {
  return {
    async write({ origin, size, note }) {
      requireFolder(root);
      const folder = join(root, folderOf(origin));
      if (!existsSync(folder)) {
        mkdirSync(folder, { mode: 0o755 });
        syncFolder(root);
      }
      const path = join(root, pathOfAnchor(origin, size));
      if (existsSync(path)) {
        requireSame(readFileSync(path, "utf8"), note, path);
        return path;
      }
      writeDurably(path, note);
      // A checkpoint is public, and auditors come by other accounts.
      chmodSync(path, 0o644);
      return path;
    },
    async read(origin, most) {
      requireFolder(root);
      const folder = join(root, folderOf(origin));
      if (!existsSync(folder)) return [];
      const names = readdirSync(folder).filter((name) => sizeInPath(name) !== null);
      return names
        .sort()
        .toReversed()
        .slice(0, most)
        .map((name) => ({
          note: readFileSync(join(folder, name), "utf8"),
          from: join(folder, name),
        }));
    },
  };
}

function requireFolder(root: string): void {
  if (statSync(root, { throwIfNoEntry: false })?.isDirectory() === true) return;
  throw new TidelockError("unavailable", "the folder for anchored checkpoints is not there", {
    retryable: true,
    where: root,
    hint: "make it, or mount it",
  });
}
