import type { TreeEntry } from "./tree-entry.ts";

/**
 * Our tar (`treeMediaType`): POSIX.1-2017 pax interchange format with every free choice fixed, so that
 * one tree has exactly one encoding. Any tar program unpacks it. The encoder is our own, because a
 * digest must not change when a library does.
 *
 *   - entries in ascending order of their path's bytes, each folder before what it holds
 *   - mode 0644, 0755 (executables and folders) or 0777 (links); owner, group and time are zero
 *   - a pax header only where a path or target is longer than 100 bytes or not ASCII, or a file has
 *     8 GiB or more; the plain field then holds `@pax` (or zero)
 *   - the end is two blocks of zeros and nothing after them
 */
export const blockBytes = 512;
export const endOfArchive: Buffer = Buffer.alloc(2 * blockBytes);

/** The largest size that eleven octal digits hold, plus one. */
const octalLimit = 8 ** 11;

/** Everything that stands before an entry's content: one header block, or three where pax is needed. */
export function encodeHeader(entry: TreeEntry): Buffer {
  const path = entry.kind === "directory" ? `${entry.path}/` : entry.path;
  const target = entry.kind === "symlink" ? entry.target : "";
  const size = entry.kind === "file" ? entry.size : 0;
  const records: [string, string][] = [];
  if (!fits(target)) records.push(["linkpath", target]);
  if (!fits(path)) records.push(["path", path]);
  if (size >= octalLimit) records.push(["size", String(size)]);
  const main = block({
    name: fits(path) ? path : "@pax",
    mode: entry.kind === "symlink" ? 0o777 : isExecutable(entry) ? 0o755 : 0o644,
    size: size >= octalLimit ? 0 : size,
    type: typeFlags[entry.kind],
    target: fits(target) ? target : "@pax",
  });
  if (records.length === 0) return main;
  const pax = Buffer.concat(records.map(([key, value]) => paxRecord(key, value)));
  const head = block({ name: "@pax", mode: 0o644, size: pax.length, type: "x", target: "" });
  return Buffer.concat([head, pax, padding(pax.length), main]);
}

/** Zeros up to the next block. */
export function padding(size: number): Buffer {
  return Buffer.alloc((blockBytes - (size % blockBytes)) % blockBytes);
}

/** What a header block says, unchecked: the reader encodes it again and compares. */
export interface RawHeader {
  readonly name: string;
  readonly mode: number;
  readonly size: number;
  readonly type: string;
  readonly target: string;
}

export function decodeBlock(bytes: Buffer): RawHeader {
  return {
    name: text(bytes, 0, 100),
    mode: octal(bytes, 100, 8),
    size: octal(bytes, 124, 12),
    type: String.fromCharCode(bytes[156] ?? 0),
    target: text(bytes, 157, 100),
  };
}

/** The records of a pax header, or undefined when they are malformed. */
export function decodePax(bytes: Buffer): Map<string, Buffer> | undefined {
  const records = new Map<string, Buffer>();
  for (let at = 0; at < bytes.length;) {
    const blank = bytes.indexOf(0x20, at);
    const length = Number(bytes.toString("latin1", at, blank));
    const end = at + length;
    if (blank < 0 || !Number.isSafeInteger(length) || length < 5 || end > bytes.length)
      return undefined;
    const equals = bytes.indexOf(0x3d, blank);
    if (equals < 0 || equals >= end || bytes[end - 1] !== 0x0a) return undefined;
    records.set(bytes.toString("latin1", blank + 1, equals), bytes.subarray(equals + 1, end - 1));
    at = end;
  }
  return records;
}

export const typeFlags = { file: "0", symlink: "2", directory: "5" } as const;

function isExecutable(entry: TreeEntry): boolean {
  return entry.kind === "directory" || (entry.kind === "file" && entry.executable);
}

/** Printable ASCII of at most 100 bytes stands in the header itself. */
function fits(value: string): boolean {
  return value.length <= 100 && /^[\x20-\x7e]*$/.test(value);
}

function block(header: RawHeader): Buffer {
  const bytes = Buffer.alloc(blockBytes);
  const octalField = (value: number, at: number, digits: number) =>
    bytes.write(`${value.toString(8).padStart(digits, "0")}\0`, at, "latin1");
  bytes.write(header.name, 0, "latin1");
  octalField(header.mode, 100, 7);
  octalField(0, 108, 7);
  octalField(0, 116, 7);
  octalField(header.size, 124, 11);
  octalField(0, 136, 11);
  bytes.fill(0x20, 148, 156);
  bytes.write(header.type, 156, "latin1");
  bytes.write(header.target, 157, "latin1");
  bytes.write("ustar\x0000", 257, "latin1");
  octalField(0, 329, 7);
  octalField(0, 337, 7);
  let sum = 0;
  for (const byte of bytes) sum += byte;
  bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return bytes;
}

/** `<length> <key>=<value>\n`, where the length counts its own digits. */
function paxRecord(key: string, value: string): Buffer {
  const rest = ` ${key}=${value}\n`;
  const bytes = Buffer.byteLength(rest);
  let length = bytes + 1;
  while (String(length).length + bytes !== length) length = String(length).length + bytes;
  return Buffer.from(`${length}${rest}`);
}

function text(bytes: Buffer, at: number, length: number): string {
  const field = bytes.subarray(at, at + length);
  const end = field.indexOf(0);
  return field.toString("latin1", 0, end < 0 ? length : end);
}

function octal(bytes: Buffer, at: number, length: number): number {
  const digits = text(bytes, at, length).trim();
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
}
