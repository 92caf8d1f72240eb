import { randomBytes, randomUUID } from "node:crypto";
import { linkSync, readFileSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { TidelockError } from "../model/errors.ts";
import { type Layout, layout } from "../model/layout.ts";
import { syncFolder, writeDurably } from "./durable-file.ts";

const tokenPattern = /^[A-Za-z0-9_-]{43}$/;

/**
 * The bootstrap token of the API: 32 random bytes as base64url in `server/token`, 0600. Made at the first
 * start, once: two servers that start together get the same one, and a kill leaves it whole or absent.
 *
 * @throws TidelockError `invalid-input` when the file holds anything else or others may read it
 */
export function ensureToken(paths: Layout): string {
  const path = join(paths.server, "token");
  const draft = `${path}.${randomUUID()}`;
  try {
    writeDurably(draft, `${randomBytes(32).toString("base64url")}\n`);
    linkSync(draft, path); // fails when there is one, unlike a rename
    syncFolder(dirname(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return readToken(path);
}

/** The token has ended: nobody needs the file any more. */
export function removeToken(paths: Layout): void {
  rmSync(join(paths.server, "token"), { force: true });
}

/** The token of a data directory, for the command line; undefined where there is none that we may read. */
export function findToken(dataDir: string): string | undefined {
  const path = join(layout(dataDir).server, "token");
  try {
    return readToken(path);
  } catch (error) {
    if (error instanceof TidelockError) throw error;
    return undefined;
  }
}

function readToken(path: string): string {
  const text = readFileSync(path, "utf8").trim();
  const mode = statSync(path).mode & 0o777;
  if (tokenPattern.test(text) && (mode & 0o077) === 0) return text;
  throw new TidelockError(
    "invalid-input",
    mode & 0o077
      ? `other users may read the token (mode ${mode.toString(8)})`
      : "the token file is damaged",
    {
      fault: "operator",
      where: path,
      hint: "remove the file and start the server again: it makes a new token",
    },
  );
}
