import { brainpoolP256r1, brainpoolP384r1, brainpoolP512r1 } from "@noble/curves/misc.js";
import { p256, p384, p521 } from "@noble/curves/nist.js";
import { sha1 } from "@noble/hashes/legacy.js";
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import { hexToBytes } from "@noble/hashes/utils.js";
import { toHex } from "../../ledger/bytes.ts";
import { isUsableKey, verifyEd25519 } from "../../ledger/crypto.ts";
import type { Digest } from "../../model/primitives.ts";
import { concat } from "../bytes.ts";
import { publicKeyFromSpki } from "../keys.ts";
import { verifyRsaHash } from "../ssh/rsa.ts";
import { WireError } from "../ssh/wire.ts";
import { PacketReader } from "./packets.ts";

/** Hashes that count (RFC 9580 §9.5); MD5, SHA-1, RIPEMD-160 and SHA-224 do not. */
export const pgpHashes = {
  sha256: (data: Uint8Array): Uint8Array => sha256(data),
  sha384: (data: Uint8Array): Uint8Array => sha384(data),
  sha512: (data: Uint8Array): Uint8Array => sha512(data),
} as const;
export type PgpHash = keyof typeof pgpHashes;

/** A primary key or a subkey of version 4 (RFC 9580 §5.5.2), which can verify. */
export interface PgpKey {
  /** 40 lower-case hex digits, as gpg prints it. It is SHA-1: it finds a key, and never stands for one. */
  readonly fingerprint: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly body: Uint8Array;
  /** The id that the same key has in PEM, where it may stand there. */
  readonly id: Digest | null;
  /** Whether it signed a digest; `values` is what is left of the signature's packet. Never throws. */
  verify(algorithm: number, hash: PgpHash, digest: Uint8Array, values: Uint8Array): boolean;
}

type Verify = (hash: PgpHash, digest: Uint8Array, values: PacketReader) => boolean;

interface Material {
  readonly verify: Verify;
  readonly spki?: Uint8Array;
}

const rsa = (body: PacketReader): Material => {
  const modulus = body.mpi();
  const exponent = body.mpi();
  if (toHex(exponent) !== "010001") throw new WireError("the exponent of its RSA key is not 65537");
  const bits = modulus.length * 8 - Math.clz32(modulus[0] ?? 0) + 24;
  if (bits < 2_048 || bits > 8_192) {
    throw new WireError(`its RSA key has ${bits} bits: 2048 to 8192 count`);
  }
  return {
    verify: (hash, digest, values) => {
      const signature = values.mpi(modulus.length);
      values.end();
      return verifyRsaHash(hash, digest, modulus, signature);
    },
  };
};

const spki = {
  ed25519: hexToBytes("302a300506032b6570032100"),
  p256: hexToBytes("3059301306072a8648ce3d020106082a8648ce3d030107034200"),
  p384: hexToBytes("3076301006072a8648ce3d020106052b81040022036200"),
};

/** By the object identifier (§9.2). */
const curves: ReadonlyMap<string, { curve: typeof p256; bytes: number; spki?: Uint8Array }> =
  new Map([
    ["2a8648ce3d030107", { curve: p256, bytes: 32, spki: spki.p256 }],
    ["2b81040022", { curve: p384, bytes: 48, spki: spki.p384 }],
    ["2b81040023", { curve: p521, bytes: 66 }],
    ["2b2403030208010107", { curve: brainpoolP256r1, bytes: 32 }],
    ["2b240303020801010b", { curve: brainpoolP384r1, bytes: 48 }],
    ["2b240303020801010d", { curve: brainpoolP512r1, bytes: 64 }],
  ]);

const ecdsa = (body: PacketReader): Material => {
  const known = curves.get(toHex(body.take(body.byte())));
  if (!known) throw new WireError("its curve is not known here");
  const { curve, bytes, spki: head } = known;
  const raw = body.mpi();
  if (raw[0] !== 4) throw new WireError("its point is not written out");
  const point = curve.Point.fromBytes(raw).toBytes(false);
  return {
    ...(head === undefined ? {} : { spki: concat(head, point) }),
    verify: (_, digest, values) => {
      const compact = concat(values.mpi(bytes), values.mpi(bytes));
      values.end();
      return curve.verify(compact, digest, point, {
        lowS: false,
        format: "compact",
        prehash: false,
      });
    },
  };
};

const edwards = (point: Uint8Array, read: (values: PacketReader) => Uint8Array): Material => {
  // A key of small order "verifies" signatures that nobody made.
  if (!isUsableKey(point)) throw new WireError("it is no usable point of its curve");
  return {
    spki: concat(spki.ed25519, point),
    verify: (_, digest, values) => {
      const signature = read(values);
      values.end();
      return verifyEd25519(point, digest, signature);
    },
  };
};

const eddsaLegacy = (body: PacketReader): Material => {
  if (toHex(body.take(body.byte())) !== "2b06010401da470f01") {
    throw new WireError("its curve is not known here");
  }
  const raw = body.mpi(33);
  if (raw[0] !== 0x40) throw new WireError("its point is not written as Ed25519 has it");
  return edwards(raw.subarray(1), (values) => concat(values.mpi(32), values.mpi(32)));
};

const ed25519 = (body: PacketReader): Material =>
  edwards(body.take(32), (values) => values.take(64));

/** §9.1. RSA that may sign (3), DSA (17) and Ed448 (28) are left out: nobody makes the first, the others do not count. */
const kinds: ReadonlyMap<number, (body: PacketReader) => Material> = new Map([
  [1, rsa],
  [3, rsa],
  [19, ecdsa],
  [22, eddsaLegacy],
  [27, ed25519],
]);

/** Throws `WireError` for what cannot verify anything here. */
export function readPgpKey(body: Uint8Array): PgpKey {
  const reader = new PacketReader(body);
  const version = reader.byte();
  if (version !== 4) throw new WireError(`keys of version ${version} are not known here: 4 is`);
  const createdAt = reader.uint32() * 1_000;
  const algorithm = reader.byte();
  const read = kinds.get(algorithm);
  if (!read) throw new WireError(`keys of the algorithm ${algorithm} do not count here`);
  const { verify, spki: form } = material(read, reader);
  reader.end();
  const pem = form === undefined ? null : publicKeyFromSpki(form);
  return {
    fingerprint: fingerprintOf(body),
    createdAt,
    body,
    id: pem?.ok ? (pem.value.id as Digest) : null,
    verify(used, hash, digest, values) {
      if (used !== algorithm) return false;
      try {
        return verify(hash, digest, new PacketReader(values));
      } catch {
        return false;
      }
    },
  };
}

function material(read: (body: PacketReader) => Material, reader: PacketReader): Material {
  try {
    return read(reader);
  } catch (error) {
    if (error instanceof WireError) throw error;
    throw new WireError("it is no point of its curve");
  }
}

export function fingerprintOf(body: Uint8Array): string {
  return toHex(sha1(keyHead(body)));
}

/** A key as signatures about it are made over it (§5.2.4). */
export function keyHead(body: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(0x99, body.length >> 8, body.length & 0xff), body);
}
