import { type FileHandle, open } from "node:fs/promises";
import { inflateRawSync } from "node:zlib";
import { TidelockError } from "../../model/errors.ts";

/**
 * The members of a zip file, one at a time, by its central directory (APPNOTE.TXT 6.3): stored and deflated
 * ones, ZIP64 counts and sizes. Each is inflated with a limit, so that a bomb costs one buffer.
 *
 * @throws TidelockError `invalid-input` for what is no such zip, or a member that is larger than the limit
 */
export async function* zipMembers(
  path: string,
  maxMemberBytes: number,
): AsyncGenerator<{ readonly name: string; readonly bytes: Buffer }> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const { start, length } = await directory(file, size, path);
    const entries = await read(file, start, length, path);
    for (let at = 0; at + 46 <= entries.length;) {
      if (entries.readUInt32LE(at) !== 0x02014b50) throw damaged(path, "its directory is broken");
      const nameLength = entries.readUInt16LE(at + 28);
      const extraLength = entries.readUInt16LE(at + 30);
      const commentLength = entries.readUInt16LE(at + 32);
      const name = entries.toString("utf8", at + 46, at + 46 + nameLength);
      const extra = entries.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength);
      const sizes = wide(extra, [
        entries.readUInt32LE(at + 24),
        entries.readUInt32LE(at + 20),
        entries.readUInt32LE(at + 42),
      ]);
      const [whole = 0, packed = 0, offset = 0] = sizes;
      const method = entries.readUInt16LE(at + 10);
      at += 46 + nameLength + extraLength + commentLength;
      if (name.endsWith("/")) continue;
      if (whole > maxMemberBytes || packed > maxMemberBytes) {
        throw damaged(path, `${JSON.stringify(name)} is larger than ${maxMemberBytes} bytes`);
      }
      const head = await read(file, offset, 30, path);
      if (head.readUInt32LE(0) !== 0x04034b50) throw damaged(path, "a member is not where it says");
      const data = offset + 30 + head.readUInt16LE(26) + head.readUInt16LE(28);
      const bytes = await read(file, data, packed, path);
      yield { name, bytes: inflate(bytes, method, whole, path, name) };
    }
  } finally {
    await file.close();
  }
}

function inflate(bytes: Buffer, method: number, whole: number, path: string, name: string): Buffer {
  if (method === 0) return bytes;
  if (method !== 8) throw damaged(path, `${JSON.stringify(name)} is packed in an unknown way`);
  try {
    const inflated = inflateRawSync(bytes, { maxOutputLength: Math.max(whole, 1) });
    if (inflated.length === whole) return inflated;
  } catch {
    // Said below.
  }
  throw damaged(path, `${JSON.stringify(name)} does not unpack to the size it states`);
}

async function directory(
  file: FileHandle,
  size: number,
  path: string,
): Promise<{ start: number; length: number }> {
  const tailLength = Math.min(size, 65_557);
  const tail = await read(file, size - tailLength, tailLength, path);
  const at = tail.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  if (at < 0 || at + 22 > tail.length) throw damaged(path, "it has no directory");
  const length = tail.readUInt32LE(at + 12);
  const start = tail.readUInt32LE(at + 16);
  if (start !== 0xffffffff && length !== 0xffffffff) return check(start, length, size, path);
  // ZIP64: the locator stands just before, and names the larger record.
  const locator = at - 20;
  if (locator < 0 || tail.readUInt32LE(locator) !== 0x07064b50) {
    throw damaged(path, "it has no directory");
  }
  const record = await read(file, Number(tail.readBigUInt64LE(locator + 8)), 56, path);
  if (record.readUInt32LE(0) !== 0x06064b50) throw damaged(path, "its directory is broken");
  return check(Number(record.readBigUInt64LE(48)), Number(record.readBigUInt64LE(40)), size, path);
}

const maxDirectoryBytes = 256 * 1024 * 1024;

function check(start: number, length: number, size: number, path: string) {
  if (start + length > size || length > maxDirectoryBytes) {
    throw damaged(path, "its directory does not fit it");
  }
  return { start, length };
}

/** The ZIP64 extra field (4.5.3) holds, in this order, those sizes that do not fit in 32 bits. */
function wide(extra: Buffer, values: readonly number[]): readonly number[] {
  if (values.every((value) => value !== 0xffffffff)) return values;
  for (let at = 0; at + 4 <= extra.length;) {
    const length = extra.readUInt16LE(at + 2);
    if (extra.readUInt16LE(at) === 1) {
      let next = at + 4;
      return values.map((value) => {
        if (value !== 0xffffffff || next + 8 > extra.length) return value;
        next += 8;
        return Number(extra.readBigUInt64LE(next - 8));
      });
    }
    at += 4 + length;
  }
  return values;
}

async function read(file: FileHandle, at: number, length: number, path: string): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await file.read(bytes, 0, length, at);
  if (bytesRead !== length) throw damaged(path, "it ends too early");
  return bytes;
}

function damaged(path: string, why: string): TidelockError {
  return new TidelockError("invalid-input", `this zip cannot be read: ${why}`, {
    fault: "operator",
    where: path,
    hint: "get it again; osv.dev gives one all.zip an ecosystem",
  });
}
