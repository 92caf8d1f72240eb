import { chmodSync, lstatSync, mkdirSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { z } from "zod";
import { TidelockError } from "../model/errors.ts";
import { type Layout, layout } from "../model/layout.ts";
import { writeDurably } from "./durable-file.ts";

/**
 * Version of the data directory's layout (`Layout` in model/layout.ts), kept in `layout.json`:
 *
 *   1   server, postgres, runtime, blobs, agent, releases, slots, state, logs
 *
 * A program that knows a higher one moves the directory on when it starts; a lower one is refused.
 */
const layoutVersion = 1;
const LayoutFile = z.object({ layoutVersion: z.int().positive() });

/** Folders that only we enter, and those that other users must be able to pass. */
const privateFolders = ["server", "blobs", "agent", "logs"] as const;
const openFolders = ["releases", "slots", "state"] as const;

/**
 * Makes the data directory, or takes the one that is there, with the owners and modes of its layout. Two
 * servers may share one on purpose (`registerServer` says who); exclusion lies in the database.
 *
 * @throws TidelockError `forbidden` when it belongs to somebody else or others may write to it,
 *   `invalid-input` when it is no folder, `incompatible` when a newer program made it, `disk-full`
 */
export function openDataDir(dataDir: string): Layout {
  const root = resolve(dataDir);
  makeFolder(root, 0o755);
  const paths = layout(realpathSync(root));
  requireOwn(paths.root);
  for (const name of privateFolders) ownFolder(paths[name], 0o700);
  for (const name of openFolders) ownFolder(paths[name], 0o755);
  checkLayoutVersion(paths.root);
  return paths;
}

function ownFolder(folder: string, mode: number): void {
  makeFolder(folder, mode);
  requireOwn(folder);
  chmodSync(folder, mode);
}

function makeFolder(folder: string, mode: number): void {
  try {
    const first = mkdirSync(folder, { recursive: true, mode });
    if (first !== undefined) openUpTo(first, folder, mode);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const full = code === "ENOSPC" || code === "EDQUOT";
    const denied = code === "EACCES" || code === "EPERM" || code === "EROFS";
    throw new TidelockError(
      full ? "disk-full" : denied ? "forbidden" : "invalid-input",
      `the data directory cannot be made: ${(cause as Error).message}`,
      {
        fault: full ? "environment" : "operator",
        where: folder,
        hint: full ? "free some disk space" : "name another with --data-dir or TIDELOCK_DATA_DIR",
        cause,
      },
    );
  }
}

/** A strict umask of root's must not lock out the users that services and database run as. */
function openUpTo(first: string, folder: string, mode: number): void {
  chmodSync(folder, mode);
  if (folder !== first) openUpTo(first, dirname(folder), mode);
}

/** Whoever could write here could put a key, a release or a program of their own in its place. */
function requireOwn(folder: string): void {
  const status = lstatSync(folder);
  const hint = "name another with --data-dir or TIDELOCK_DATA_DIR, or put its owner and mode right";
  const details = { fault: "operator", where: folder, hint } as const;
  if (!status.isDirectory()) {
    throw new TidelockError("invalid-input", `${folder} is not a folder of its own`, details);
  }
  const uid = process.getuid?.();
  if (status.uid !== uid) {
    throw new TidelockError(
      "forbidden",
      `the data directory belongs to user id ${status.uid}, and tidelock runs as ${uid}`,
      details,
    );
  }
  if ((status.mode & 0o022) !== 0) {
    throw new TidelockError(
      "forbidden",
      `other users may write to ${folder} (mode ${(status.mode & 0o7777).toString(8)})`,
      { ...details, hint: `chmod go-w ${folder}, after a look at what is in it` },
    );
  }
}

function checkLayoutVersion(root: string): void {
  const path = join(root, "layout.json");
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    writeDurably(path, `${JSON.stringify({ layoutVersion })}\n`);
    return;
  }
  const found = parseLayout(text, path).layoutVersion;
  if (found === layoutVersion) return;
  throw new TidelockError(
    "incompatible",
    `the data directory has layout ${found}; this program knows layout ${layoutVersion}`,
    { fault: "operator", where: path, hint: "start the newer program" },
  );
}

function parseLayout(text: string, path: string): z.infer<typeof LayoutFile> {
  try {
    return LayoutFile.parse(JSON.parse(text));
  } catch (cause) {
    throw new TidelockError("invalid-input", "the data directory's layout file is damaged", {
      fault: "operator",
      where: path,
      hint: `it should read {"layoutVersion":${layoutVersion}}`,
      cause,
    });
  }
}
