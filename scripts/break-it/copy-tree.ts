import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { root } from "../test/run-step.ts";
import { endProcessesOf } from "./leftovers.ts";

/** What a copy needs no copy of. */
const leftOut = new Set([".git", "node_modules", "dist", "web", "coverage"]);

const standing = new Set<() => void>();

export interface Copy {
  /** The tree, ready to be broken. */
  readonly tree: string;
  /** For temporary files of what runs in it. */
  readonly temporary: string;
  /** Ends what still runs there and removes it. */
  remove(): void;
}

/** A copy of this tree as it lies on the disk, in the system's folder for temporary files. */
export function copyTree(): Copy {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "tl-break-"));
  // Routers and services that the tests start run as other users, and have to pass.
  chmodSync(folder, 0o755);
  const tree = join(folder, "tree");
  const temporary = join(folder, "t");
  mkdirSync(temporary, { mode: 0o755 });
  cpSync(root, tree, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !leftOut.has(relative(root, path)),
  });
  symlinkSync(realpathSync(join(root, "node_modules")), join(tree, "node_modules"));
  const remove = (): void => {
    endProcessesOf(folder);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    standing.delete(remove);
  };
  standing.add(remove);
  return { tree, temporary, remove };
}

/** Removes every copy that still stands: for whoever interrupts a run. */
export function removeCopies(): void {
  for (const remove of standing) remove();
}
