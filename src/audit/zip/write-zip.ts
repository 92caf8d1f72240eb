import { crc32 } from "./crc32.ts";

/**
 * Writes the one zip that a list of files has: stored (not compressed), no extra fields, no comments, one
 * fixed date, in the order given. The bytes follow from names and contents alone, so that a reader can
 * demand exactly these bytes back (read-zip.ts) and no bit of a pack is without meaning. Every unzip reads
 * it (PKWARE APPNOTE 6.3, method 0). Up to 65,534 files and 4 GiB - 1 bytes: no zip64.
 */
export function writeZip(files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const members = [...files].map(([name, content]) => ({
    name: utf8.encode(name),
    content,
    crc: crc32(content),
  }));
  const size = members.reduce(
    (sum, { name, content }) =>
      sum + localHeaderBytes + centralHeaderBytes + 2 * name.length + content.length,
    endBytes,
  );
  if (members.length > 65_534 || size > 0xffffffff) {
    throw new RangeError("more than a zip without zip64 holds: 65,534 files, 4 GiB");
  }
  const zip = new Uint8Array(size);
  const view = new DataView(zip.buffer);
  let at = 0;
  const offsets = members.map(({ name, content, crc }) => {
    const offset = at;
    at = writeFields(view, at, [
      [4, 0x04034b50],
      ...sharedFields(name.length, content.length, crc),
      [2, 0], // extra
    ]);
    zip.set(name, at);
    zip.set(content, at + name.length);
    at += name.length + content.length;
    return offset;
  });
  const directory = at;
  for (const [index, { name, content, crc }] of members.entries()) {
    at = writeFields(view, at, [
      [4, 0x02014b50],
      [2, 0x0314], // made by: Unix, version 2.0
      ...sharedFields(name.length, content.length, crc),
      [2, 0], // extra
      [2, 0], // comment
      [2, 0], // disk
      [2, 0], // internal attributes
      [4, 0x81a40000], // a regular file, 0644
      [4, offsets[index] ?? 0],
    ]);
    zip.set(name, at);
    at += name.length;
  }
  writeFields(view, at, [
    [4, 0x06054b50],
    [2, 0],
    [2, 0],
    [2, members.length],
    [2, members.length],
    [4, at - directory],
    [4, directory],
    [2, 0], // comment
  ]);
  return zip;
}

const utf8 = new TextEncoder();
export const localHeaderBytes = 30;
const centralHeaderBytes = 46;
const endBytes = 22;

type Field = readonly [bytes: 2 | 4, value: number];

/** From "version needed" to the length of the name: the same in both headers. */
function sharedFields(name: number, content: number, crc: number): readonly Field[] {
  return [
    [2, 20], // version needed: 2.0
    [2, 0x0800], // names are UTF-8
    [2, 0], // stored
    [2, 0], // 00:00
    [2, 0x0021], // 1980-01-01, the first day zip knows
    [4, crc],
    [4, content],
    [4, content],
    [2, name],
  ];
}

function writeFields(view: DataView, start: number, fields: readonly Field[]): number {
  let at = start;
  for (const [bytes, value] of fields) {
    if (bytes === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += bytes;
  }
  return at;
}
