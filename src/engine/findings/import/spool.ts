import { createHash, randomUUID } from "node:crypto";
import { mkdir, open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { TidelockError } from "../../../model/errors.ts";
import type { Digest } from "../../../model/primitives.ts";
import { asDiskFull, requireSpace } from "../../../store/disk-space.ts";
import {
  identifyProcess,
  ownIdentity,
  type ProcessIdentity,
} from "../../../store/process-identity.ts";

/** A report on its way in: a private file that is there as long as it is read. */
export interface Spooled {
  readonly path: string;
  readonly digest: Digest;
  readonly bytes: number;
  remove(): Promise<void>;
}

/** The disk's free space is looked at again after so many bytes. */
const lookEvery = 64 * 1024 * 1024;

/**
 * Writes the bytes to a file that only this server's user can read, and their SHA-256 on the way. Whatever goes
 * wrong, no file stays; one whose server was killed is removed by the next start (`emptySpool`).
 *
 * @throws TidelockError `invalid-input` when there are more than `most` bytes, or none; `disk-full`
 */
export async function spool(
  folder: string,
  bytes: AsyncIterable<Uint8Array>,
  most: number,
): Promise<Spooled> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await requireSpace(folder, 0);
  const path = join(folder, `${ownerMark(ownIdentity())}-${randomUUID()}`);
  // And what its reader has put beside it.
  const remove = async () => {
    await rm(path, { force: true });
    await rm(`${path}.items`, { force: true });
  };
  try {
    const written = await write(path, folder, bytes, most);
    return { path, ...written, remove };
  } catch (error) {
    await remove();
    throw asDiskFull(error, folder);
  }
}

async function write(
  path: string,
  folder: string,
  source: AsyncIterable<Uint8Array>,
  most: number,
): Promise<{ digest: Digest; bytes: number }> {
  const hash = createHash("sha256");
  await using file = await open(path, "wx", 0o600);
  let bytes = 0;
  let looked = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    if (bytes > most) throw tooLarge(most);
    if (bytes - looked >= lookEvery) {
      await requireSpace(folder, 0);
      looked = bytes;
    }
    hash.update(chunk);
    await writeAll(file, chunk);
  }
  if (bytes === 0) {
    throw new TidelockError("invalid-input", "the report is empty: it has no bytes at all", {
      fault: "operator",
      where: "the report",
      hint: "look whether the scanner wrote it, and where to",
    });
  }
  return { digest: `sha256:${hash.digest("hex")}`, bytes };
}

async function writeAll(file: { write: Writing }, chunk: Uint8Array): Promise<void> {
  let at = 0;
  while (at < chunk.length) at += (await file.write(chunk, at)).bytesWritten;
}

type Writing = (chunk: Uint8Array, offset: number) => Promise<{ bytesWritten: number }>;

function tooLarge(most: number): TidelockError {
  return new TidelockError(
    "invalid-input",
    `the report has more bytes than this server takes (${most})`,
    {
      fault: "operator",
      where: "the report",
      hint: "let the scanner write one report for each of its targets, or raise the server's limit",
    },
  );
}

/** Removes what servers that were killed left behind; what a running one writes stays. */
export async function emptySpool(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const owner = identifyProcess(Number(/^(\d+)-/.exec(name)?.[1] ?? 0));
    if (owner && name.startsWith(`${ownerMark(owner)}-`)) continue;
    await rm(join(folder, name), { force: true });
  }
}

/** A pid alone is given to another process sooner or later. */
function ownerMark(owner: ProcessIdentity): string {
  const mark = createHash("sha256").update(`${owner.startTime} ${owner.bootId}`).digest("hex");
  return `${owner.pid}-${mark.slice(0, 12)}`;
}
