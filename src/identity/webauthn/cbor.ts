/**
 * As much CBOR (RFC 8949) as a COSE key is made of: whole numbers, byte and text strings, booleans, and one map of them,
 * all of definite length and in shortest form, as CTAP2's canonical form demands. Everything else is refused.
 */

export type CborScalar = number | boolean | string | Uint8Array;
export type CborMap = ReadonlyMap<number | string, CborScalar>;

const mostEntries = 32;

/** A map that begins at `from`, and where it ends; null when the bytes are none. */
export function readCborMap(
  bytes: Uint8Array,
  from = 0,
): { readonly map: CborMap; readonly end: number } | null {
  const head = readHead(bytes, from);
  if (head === null || head.major !== 5 || head.value > mostEntries) return null;
  const map = new Map<number | string, CborScalar>();
  let at = head.end;
  for (let count = 0; count < head.value; count += 1) {
    const key = readScalar(bytes, at);
    if (key === null || (typeof key.value !== "number" && typeof key.value !== "string"))
      return null;
    const item = readScalar(bytes, key.end);
    // Two values of one name: two readers could see two keys.
    if (item === null || map.has(key.value)) return null;
    map.set(key.value, item.value);
    at = item.end;
  }
  return { map, end: at };
}

interface Head {
  readonly major: number;
  readonly value: number;
  readonly end: number;
}

function readHead(bytes: Uint8Array, at: number): Head | null {
  const first = bytes[at];
  if (first === undefined) return null;
  const [major, small] = [first >> 5, first & 31];
  if (small < 24) return { major, value: small, end: at + 1 };
  const width = { 24: 1, 25: 2, 26: 4 }[small];
  if (width === undefined || at + 1 + width > bytes.length) return null;
  let value = 0;
  for (const byte of bytes.subarray(at + 1, at + 1 + width)) value = value * 256 + byte;
  const least = { 1: 24, 2: 0x1_00, 4: 0x1_0000 }[width] ?? 0;
  return value < least ? null : { major, value, end: at + 1 + width };
}

function readScalar(bytes: Uint8Array, at: number): { value: CborScalar; end: number } | null {
  const head = readHead(bytes, at);
  if (head === null) return null;
  const { major, value, end } = head;
  if (major === 0) return { value, end };
  if (major === 1) return { value: -1 - value, end };
  if (major === 7 && (value === 20 || value === 21)) return { value: value === 21, end };
  if ((major !== 2 && major !== 3) || end + value > bytes.length) return null;
  const content = bytes.slice(end, end + value);
  if (major === 2) return { value: content, end: end + value };
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(content);
    return { value: text, end: end + value };
  } catch {
    return null;
  }
}
