import { randomBytes, randomUUID } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { TidelockError } from "../../model/errors.ts";

const keyBytes = 32;

/**
 * Reads a key that seals what is in the database, 64 hex digits in a 0600 file. Undefined when there is none.
 *
 * @param of what it seals, for messages
 * @throws TidelockError `invalid-input` when the file is damaged or others may read it
 */
export function readKey(path: string, of = "the secrets"): Buffer | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8").trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const mode = statSync(path).mode & 0o777;
  if ((mode & 0o077) !== 0) {
    throw new TidelockError(
      "invalid-input",
      `other users may read the key of ${of} (mode ${mode.toString(8)})`,
      {
        fault: "operator",
        where: path,
        hint: `chmod 600 it, and make ${of} anew if somebody may have read it`,
      },
    );
  }
  if (/^[0-9a-f]{64}$/.test(text)) return Buffer.from(text, "hex");
  throw new TidelockError("invalid-input", `the key file of ${of} is damaged`, {
    fault: "operator",
    where: path,
    hint: "restore the file from a backup of the data directory",
  });
}

/** Makes the key once; of two servers that start together, both get the same one. Durable when it returns. */
export function createKey(path: string, of = "the secrets"): Buffer {
  const draft = `${path}.${randomUUID()}`;
  const file = openSync(draft, "wx", 0o600);
  try {
    writeSync(file, `${randomBytes(keyBytes).toString("hex")}\n`);
    fsyncSync(file);
    linkSync(draft, path);
    syncParent(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    closeSync(file);
    rmSync(draft, { force: true });
  }
  const key = readKey(path, of);
  if (key) return key;
  throw new TidelockError("unavailable", `the key of ${of} vanished`, { where: path });
}

/** Values are encrypted with this key from now on: it must not be lost to a power cut. */
function syncParent(path: string): void {
  const folder = openSync(path.slice(0, path.lastIndexOf("/")) || "/", "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
