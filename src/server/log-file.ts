import { createWriteStream, renameSync, statSync } from "node:fs";
import type { Writable } from "node:stream";

const keepBytes = 16 * 1024 * 1024;

/** Appends to `path` (0600); a long one is moved to `<path>.1` first, so that two of them are the most there are. */
export function openLogFile(path: string): Writable {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > keepBytes) renameSync(path, `${path}.1`);
  const out = createWriteStream(path, { flags: "a", mode: 0o600 });
  // A full disk must not stop the server; what it says is then lost.
  out.on("error", () => undefined);
  return out;
}
