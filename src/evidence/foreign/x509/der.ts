/**
 * Just enough of DER (X.690) to read certificates, CMS and time stamps. Signatures are over bytes as they
 * came, so every value keeps its own; nothing is encoded again.
 */
export interface Der {
  /** The identifier octet: class, constructed bit and number together. */
  readonly tag: number;
  readonly content: Uint8Array;
  /** Tag, length and content as they came. */
  readonly raw: Uint8Array;
}

export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** `[n]`, constructed. */
export function context(number: number): number {
  return 0xa0 | number;
}

/** Thrown inside this folder only; whoever verifies turns it into a sentence. */
export class DerError extends Error {}

/** The one value that fills all of `bytes`. */
export function readDer(bytes: Uint8Array): Der {
  const { value, end } = readAt(bytes, 0);
  if (end !== bytes.length) throw new DerError("there are bytes after its end");
  return value;
}

/** The values inside a constructed one. */
export function children(value: Der): readonly Der[] {
  if ((value.tag & 0x20) === 0) throw new DerError("a structure is expected");
  const all: Der[] = [];
  for (let at = 0; at < value.content.length;) {
    const next = readAt(value.content, at);
    all.push(next.value);
    at = next.end;
  }
  return all;
}

/** The same with the tag that is expected, e.g. `sequence`. */
export function inside(value: Der | undefined, tag: number): readonly Der[] {
  return children(expectTag(value, tag));
}

export function expectTag(value: Der | undefined, tag: number): Der {
  if (value?.tag !== tag) throw new DerError("it has another structure");
  return value;
}

function readAt(bytes: Uint8Array, at: number): { value: Der; end: number } {
  const [tag, first] = [bytes[at], bytes[at + 1]];
  if (tag === undefined || first === undefined) throw new DerError("it ends too early");
  if ((tag & 0x1f) === 0x1f) throw new DerError("it has a tag of several bytes");
  let length = first;
  let start = at + 2;
  if (first >= 0x80) {
    const count = first & 0x7f;
    // Indefinite lengths are BER; five bytes would be more than anything here has.
    if (count === 0 || count > 4) throw new DerError("it is not DER");
    length = 0;
    for (const byte of bytes.subarray(start, start + count)) length = length * 256 + byte;
    start += count;
    if (length < 0x80 || length < 256 ** (count - 1)) throw new DerError("it is not DER");
  }
  const end = start + length;
  if (end > bytes.length) throw new DerError("it ends too early");
  return {
    value: { tag, content: bytes.subarray(start, end), raw: bytes.subarray(at, end) },
    end,
  };
}

/** `1.2.840.113549.1.7.2` */
export function oidText(value: Der | undefined): string {
  const { content } = expectTag(value, tags.oid);
  const arcs: bigint[] = [];
  let arc = 0n;
  for (const byte of content) {
    arc = (arc << 7n) | BigInt(byte & 0x7f);
    if ((byte & 0x80) !== 0) continue;
    arcs.push(arc);
    arc = 0n;
  }
  const [first = 0n, ...rest] = arcs;
  const top = first < 40n ? 0n : first < 80n ? 1n : 2n;
  return [top, first - top * 40n, ...rest].join(".");
}

/** UTCTime or GeneralizedTime in UTC. */
export function timeOf(value: Der | undefined): Date {
  const text = new TextDecoder().decode(value?.content ?? new Uint8Array());
  const short = value?.tag === tags.utcTime;
  if (!short) expectTag(value, tags.generalizedTime);
  const match = (
    short
      ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)()Z$/
      : /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d{1,3})\d*)?Z$/
  ).exec(text);
  if (match === null) throw new DerError("it has a time that is none");
  const [, year = "", month, day, hour, minute, second, fraction] = match;
  const full = short ? `${Number(year) >= 50 ? 19 : 20}${year}` : year;
  const ms = (fraction ?? "").padEnd(3, "0");
  const time = new Date(`${full}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`);
  if (Number.isNaN(time.getTime())) throw new DerError("it has a time that is none");
  return time;
}
