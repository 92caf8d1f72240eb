import { toHex } from "../../ledger/bytes.ts";
import { concat } from "../bytes.ts";
import { WireError } from "../ssh/wire.ts";
import { PacketReader } from "./packets.ts";
import { type PgpHash, pgpHashes, type PgpKey } from "./public-key.ts";

/** Kinds of signatures (RFC 9580 §5.2.1). */
export const signatureTypes = {
  binary: 0x00,
  certifications: [0x10, 0x11, 0x12, 0x13],
  subkeyBinding: 0x18,
  primaryKeyBinding: 0x19,
  directKey: 0x1f,
  keyRevocation: 0x20,
  subkeyRevocation: 0x28,
  certificationRevocation: 0x30,
} as const;

/** A signature of version 4 as it was read; nothing of it is verified. Times in milliseconds. */
export interface PgpSignature {
  readonly type: number;
  readonly createdAt: number;
  /** How long it counts itself, and how long the key counts that it is about; null: without end. */
  readonly lasts: number | null;
  readonly keyLasts: number | null;
  /** What the key may be used for (§5.2.3.29); null: it is not said. */
  readonly flags: number | null;
  /** Which key has made it, by its own word: the fingerprint, or the last 16 digits of one. */
  readonly issuer: string | null;
  /** Null: one that does not count, such as SHA-1. */
  readonly hash: PgpHash | null;
  /** A subkey's own signature, inside of the one that binds it. */
  readonly embedded: Uint8Array | null;
  /** Whether a key made it over these bytes, by a hash that counts. */
  isBy(key: PgpKey, data: Uint8Array): boolean;
}

/** A key that may sign data. */
export const maySign = 0x02;

const hashNames: ReadonlyMap<number, PgpHash> = new Map([
  [8, "sha256"],
  [9, "sha384"],
  [10, "sha512"],
]);

/** Throws `WireError`, also where something is marked as critical that is not known here. */
export function readPgpSignature(body: Uint8Array): PgpSignature {
  const reader = new PacketReader(body);
  const version = reader.byte();
  if (version !== 4)
    throw new WireError(`signatures of version ${version} are not known here: 4 is`);
  const type = reader.byte();
  const algorithm = reader.byte();
  const hash = hashNames.get(reader.byte()) ?? null;
  const hashed = reader.take(reader.uint16());
  const head = body.subarray(0, 6 + hashed.length);
  const unhashed = reader.take(reader.uint16());
  // The first two bytes of the hash, for programs in a hurry.
  reader.take(2);
  const values = reader.rest();
  const said = readSubpackets(hashed);
  const hints = readSubpackets(unhashed);
  const created = said.number(2);
  if (created === null) throw new WireError("a signature does not say when it was made");
  const trailer = new Uint8Array(6);
  trailer.set([4, 0xff]);
  new DataView(trailer.buffer).setUint32(2, head.length);
  return {
    type,
    createdAt: created * 1_000,
    lasts: span(said.number(3)),
    keyLasts: span(said.number(9)),
    flags: said.one(27)?.[0] ?? null,
    issuer: issuerIn(said) ?? issuerIn(hints),
    hash,
    // Whose it is shows the signature in it: where it lies does not matter.
    embedded: said.one(32) ?? hints.one(32),
    isBy(key, data) {
      if (hash === null) return false;
      return key.verify(algorithm, hash, pgpHashes[hash](concat(data, head, trailer)), values);
    },
  };
}

/** Zero stands for no end (§5.2.3.13, §5.2.3.18). */
function span(seconds: number | null): number | null {
  return seconds === null || seconds === 0 ? null : seconds * 1_000;
}

function issuerIn(said: Subpackets): string | null {
  const whole = said.one(33);
  if (whole?.[0] === 4 && whole.length === 21) return toHex(whole.subarray(1));
  const id = said.one(16);
  return id?.length === 8 ? toHex(id) : null;
}

/** §5.2.3.7. Those that may be critical because it is known here what they say, or that they limit nothing. */
const understood = new Set([2, 3, 9, 11, 16, 21, 22, 23, 25, 27, 30, 32, 33, 34]);

/** gpg writes about ten; sixty-four kilobytes of them would be thirty thousand. */
const mostSubpackets = 200;

interface Subpackets {
  /** What one says that stands there once; one that stands there twice is refused. */
  one(type: number): Uint8Array | null;
  number(type: number): number | null;
}

function readSubpackets(bytes: Uint8Array): Subpackets {
  const reader = new PacketReader(bytes);
  const found = new Map<number, Uint8Array[]>();
  for (let count = 0; !reader.done; count += 1) {
    if (count === mostSubpackets)
      throw new WireError(`a signature has more than ${mostSubpackets} parts`);
    const body = reader.take(reader.length(false));
    const [head = 0] = body;
    const type = head & 0x7f;
    if (body.length === 0) throw new WireError("a part of a signature is empty");
    if ((head & 0x80) !== 0 && !understood.has(type)) {
      throw new WireError(`a signature demands that its part ${type} is understood`);
    }
    const said = found.get(type);
    if (said) said.push(body.subarray(1));
    else found.set(type, [body.subarray(1)]);
  }
  const one = (type: number) => {
    const all = found.get(type) ?? [];
    if (all.length > 1) throw new WireError(`a signature says its part ${type} twice`);
    return all[0] ?? null;
  };
  return {
    one,
    number(type) {
      const body = one(type);
      if (body === null) return null;
      const reader = new PacketReader(body);
      const number = reader.uint32();
      reader.end();
      return number;
    },
  };
}
