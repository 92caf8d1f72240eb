import { p256 } from "@noble/curves/nist.js";
import { ed25519Key } from "../../evidence/keys.ts";
import { concat } from "../../evidence/bytes.ts";
import { bad, good, type Result } from "../../evidence/result.ts";
import { readCborMap } from "./cbor.ts";
import { verifyRs256 } from "./rs256.ts";

/** COSE algorithm identifiers (RFC 9053, RFC 8812) that an approval may be signed with. */
export type CoseAlgorithm = -7 | -8 | -257;

export const algorithmNames: Readonly<Record<CoseAlgorithm, string>> = {
  [-7]: "ES256",
  [-8]: "EdDSA",
  [-257]: "RS256",
};

/** A public key of an authenticator. */
export interface CoseKey {
  readonly algorithm: CoseAlgorithm;
  /** Never throws; a signature of another shape is just not one. */
  verify(message: Uint8Array, signature: Uint8Array): boolean;
}

/** Labels of RFC 9052 §7.1 and RFC 9053 §7. */
const label = { kty: 1, alg: 3, crv: -1, x: -2, y: -3, n: -1, e: -2 } as const;

/** A COSE_Key, all of it: bytes behind it belong to something else. */
export function readCoseKey(bytes: Uint8Array): Result<CoseKey> {
  const read = readCborMap(bytes);
  if (read === null || read.end !== bytes.length)
    return bad("the COSE key is not in canonical CBOR");
  const { map } = read;
  const kind = `${String(map.get(label.kty))}/${String(map.get(label.alg))}`;
  const bytesAt = (at: number) => {
    const value = map.get(at);
    return value instanceof Uint8Array ? value : new Uint8Array();
  };
  switch (kind) {
    case "2/-7":
      return map.get(label.crv) === 1
        ? es256(bytesAt(label.x), bytesAt(label.y))
        : bad("an ES256 key is on the curve P-256");
    case "1/-8":
      return map.get(label.crv) === 6
        ? eddsa(bytesAt(label.x))
        : bad("an EdDSA key is Ed25519 here");
    case "3/-257":
      return rs256(bytesAt(label.n), bytesAt(label.e));
    default:
      return bad(`keys of kind and algorithm ${kind} are not known: use ES256, EdDSA or RS256`);
  }
}

function es256(x: Uint8Array, y: Uint8Array): Result<CoseKey> {
  if (x.length !== 32 || y.length !== 32)
    return bad("an ES256 key has two coordinates of 32 bytes");
  try {
    const point = p256.Point.fromBytes(concat(Uint8Array.of(4), x, y)).toBytes(false);
    return good({
      algorithm: -7,
      // WebAuthn §6.5.5: a DER SEQUENCE. Authenticators make high s as well as low.
      verify: (message, signature) =>
        attempt(() => p256.verify(signature, message, point, { lowS: false, format: "der" })),
    });
  } catch {
    return bad("the ES256 key is not a point of P-256");
  }
}

function eddsa(x: Uint8Array): Result<CoseKey> {
  if (x.length !== 32) return bad("an Ed25519 key has 32 bytes");
  const key = ed25519Key(x);
  if (!key.ok) return key;
  return good({
    algorithm: -8,
    verify: (message, signature) =>
      signature.length === 64 && attempt(() => key.value.verify(message, signature)),
  });
}

function rs256(modulus: Uint8Array, exponent: Uint8Array): Result<CoseKey> {
  const bits = modulus.length * 8;
  if (
    bits < 2_048 ||
    bits > 8_192 ||
    (modulus[0] ?? 0) < 0x80 ||
    ((modulus.at(-1) ?? 0) & 1) === 0
  ) {
    return bad("an RS256 key has an odd modulus of 2048 to 8192 bits");
  }
  // The public exponent that every authenticator has; another one only helps a forger.
  if (exponent.length !== 3 || exponent[0] !== 1 || exponent[1] !== 0 || exponent[2] !== 1) {
    return bad("an RS256 key has the public exponent 65537");
  }
  return good({
    algorithm: -257,
    verify: (message, signature) => attempt(() => verifyRs256(modulus, message, signature)),
  });
}

function attempt(verify: () => boolean): boolean {
  try {
    return verify();
  } catch {
    return false;
  }
}
