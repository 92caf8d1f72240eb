import { TidelockError } from "../../model/errors.ts";
import { localHeaderBytes, writeZip } from "./write-zip.ts";

export interface ZipLimits {
  /** Of the whole zip; a stored zip holds no more than it weighs. Bytes. */
  readonly bytes: number;
  readonly files: number;
}

export const defaultZipLimits: ZipLimits = { bytes: 1024 ** 3, files: 50_000 };

/**
 * Reads a zip that `writeZip` could have written, and nothing else: the files are taken out, written again,
 * and both must be the same to the byte. So there is no bomb (nothing is compressed), no second directory,
 * no hidden bytes between members, no header field that could differ unseen. Contents are views into `zip`;
 * memory is twice the zip's size.
 *
 * @throws TidelockError `digest-mismatch` naming the byte at which it is not such a zip, `invalid-input`
 *   when it is larger than the limits
 */
export function readZip(
  zip: Uint8Array,
  limits: ZipLimits = defaultZipLimits,
): ReadonlyMap<string, Uint8Array> {
  if (zip.length > limits.bytes) throw tooLarge(`${zip.length} bytes`, `${limits.bytes} bytes`);
  const view = new DataView(zip.buffer, zip.byteOffset, zip.byteLength);
  const files = new Map<string, Uint8Array>();
  let at = 0;
  while (at + 4 <= zip.length && view.getUint32(at, true) === 0x04034b50) {
    if (at + localHeaderBytes > zip.length) throw damaged(at, "a header is cut off");
    if (view.getUint16(at + 8, true) !== 0) {
      throw damaged(at + 8, "a file is compressed; an audit pack's are stored as they are");
    }
    const size = view.getUint32(at + 18, true);
    const nameLength = view.getUint16(at + 26, true);
    const start = at + localHeaderBytes + nameLength;
    if (view.getUint16(at + 28, true) !== 0) throw damaged(at + 28, "a header has extra fields");
    if (start + size > zip.length) throw damaged(at + 18, "a file is longer than the zip");
    const name = fileName(zip.subarray(at + localHeaderBytes, start), at + localHeaderBytes);
    if (files.has(name)) throw damaged(at + localHeaderBytes, `${name} is there twice`);
    if (files.size === limits.files) throw tooLarge("more files", `${limits.files} files`);
    files.set(name, zip.subarray(start, start + size));
    at = start + size;
  }
  if (files.size === 0) throw damaged(0, "it is not a zip with a file in it");
  const again = writeZip(files);
  const differs = firstDifference(zip, again);
  if (differs !== null) {
    throw damaged(differs, "it is not the zip that its files have (header, checksum or directory)");
  }
  return files;
}

/**
 * Relative, with forward slashes, printable ASCII without what any file system takes for something else.
 * Whoever unpacks a pack by hand must not be surprised either.
 */
export const safePath = /^(?!\.)[A-Za-z0-9._-]{1,128}(\/(?!\.)[A-Za-z0-9._-]{1,128}){0,4}$/;

function fileName(bytes: Uint8Array, at: number): string {
  let name = "";
  for (const byte of bytes) name += String.fromCharCode(byte);
  if (safePath.test(name)) return name;
  throw damaged(
    at,
    `a file has a name that no audit pack has (${JSON.stringify(name.slice(0, 80))})`,
  );
}

function firstDifference(a: Uint8Array, b: Uint8Array): number | null {
  const shared = Math.min(a.length, b.length);
  for (let at = 0; at < shared; at += 1) if (a[at] !== b[at]) return at;
  return a.length === b.length ? null : shared;
}

function damaged(at: number, what: string): TidelockError {
  return new TidelockError(
    "digest-mismatch",
    `the zip is damaged or was made by another program: ${what}`,
    {
      fault: "operator",
      where: `byte ${at}`,
      hint: "get the pack again as it was exported; a pack that was unpacked is verified as a folder",
    },
  );
}

function tooLarge(what: string, limit: string): TidelockError {
  return new TidelockError(
    "invalid-input",
    `the zip has ${what}; this program reads up to ${limit}`,
    {
      fault: "operator",
      where: "zip",
      hint: "export a shorter time or one release; unpacked, a pack is verified as a folder",
    },
  );
}
