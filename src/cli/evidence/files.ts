import { createHash } from "node:crypto";
import { createReadStream, readFileSync, statSync } from "node:fs";
import { maxEvidenceBytes } from "../../evidence/read-json.ts";
import { TidelockError } from "../../model/errors.ts";
import type { Digest } from "../../model/primitives.ts";

/** Whether the words mean a file rather than a release: there is one of that name. */
export function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** A small file as bytes. Throws `not-found` or `invalid-input` (too large). */
export function readEvidenceFile(path: string): Uint8Array {
  const status = statSync(path, { throwIfNoEntry: false });
  if (status?.isFile() !== true) {
    throw new TidelockError("not-found", "there is no such file", {
      fault: "operator",
      where: path,
    });
  }
  if (status.size > maxEvidenceBytes) {
    throw new TidelockError("invalid-input", `evidence has at most ${maxEvidenceBytes} bytes`, {
      fault: "operator",
      where: path,
    });
  }
  return readFileSync(path);
}

/** SHA-256 of a file of any size. */
export async function digestFile(path: string): Promise<Digest> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) hash.update(chunk);
  return `sha256:${hash.digest("hex")}`;
}
