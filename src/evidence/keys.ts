import { p256, p384 } from "@noble/curves/nist.js";
import { hexToBytes } from "@noble/hashes/utils.js";
import { isUsableKey, verifyEd25519 } from "../ledger/crypto.ts";
import { concat, decodeBase64, digestBytes, sameBytes } from "./bytes.ts";
import { bad, good, type Result } from "./result.ts";

export type KeyAlgorithm = "ed25519" | "ecdsa-p256" | "ecdsa-p384";

/** A public key that can verify. Two spellings of one key (PEM, compressed point) have one `id`. */
export interface PublicKey {
  readonly algorithm: KeyAlgorithm;
  /** SHA-256 of the canonical SubjectPublicKeyInfo: what counts as "a key" in thresholds. */
  readonly id: string;
  /** Never throws; a signature of another shape is just not one. */
  verify(message: Uint8Array, signature: Uint8Array): boolean;
  /** The same for a message of which only the SHA-256 is known; false for keys that cannot. */
  verifySha256(digest: Uint8Array, signature: Uint8Array): boolean;
}

/** DER before the key itself (RFC 8410; RFC 5480 for named curves), and how long that is. */
const forms = [
  { algorithm: "ed25519", prefix: "302a300506032b6570032100", bytes: 32 },
  {
    algorithm: "ecdsa-p256",
    prefix: "3059301306072a8648ce3d020106082a8648ce3d030107034200",
    bytes: 65,
  },
  {
    algorithm: "ecdsa-p256",
    prefix: "3039301306072a8648ce3d020106082a8648ce3d030107032200",
    bytes: 33,
  },
  { algorithm: "ecdsa-p384", prefix: "3076301006072a8648ce3d020106052b81040022036200", bytes: 97 },
  { algorithm: "ecdsa-p384", prefix: "3046301006072a8648ce3d020106052b81040022033200", bytes: 49 },
] as const;

const curves = { "ecdsa-p256": p256, "ecdsa-p384": p384 } as const;

/** A key as `BEGIN PUBLIC KEY` has it: Ed25519, ECDSA P-256 (SHA-256) or P-384 (SHA-384). */
export function readPublicKey(pem: string): Result<PublicKey> {
  const match =
    /^\s*-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----\s*$/.exec(pem);
  const der = match?.[1] === undefined ? null : decodeBase64(match[1].replace(/\s/g, ""));
  if (der === null) return bad("this is not a public key in PEM (`-----BEGIN PUBLIC KEY-----`)");
  return publicKeyFromSpki(der);
}

/** The same from DER. */
export function publicKeyFromSpki(der: Uint8Array): Result<PublicKey> {
  for (const { algorithm, prefix, bytes } of forms) {
    const head = hexToBytes(prefix);
    if (der.length !== head.length + bytes || !sameBytes(der.subarray(0, head.length), head))
      continue;
    return fromRaw(algorithm, der.subarray(head.length));
  }
  return bad("this kind of key is not known: use Ed25519, ECDSA P-256 or ECDSA P-384");
}

/** A raw Ed25519 key of 32 bytes, as a `Signer` has it. */
export function ed25519Key(raw: Uint8Array): Result<PublicKey> {
  return fromRaw("ed25519", raw);
}

function fromRaw(algorithm: KeyAlgorithm, raw: Uint8Array): Result<PublicKey> {
  try {
    return good(algorithm === "ed25519" ? edwards(raw) : ecdsa(algorithm, raw));
  } catch {
    return bad("this public key is not a point of its curve");
  }
}

function edwards(raw: Uint8Array): PublicKey {
  // A key of small order "verifies" signatures that nobody made.
  if (!isUsableKey(raw)) throw new Error("not usable");
  return {
    algorithm: "ed25519",
    id: idOf("ed25519", raw),
    verify: (message, signature) => verifyEd25519(raw, message, signature),
    verifySha256: () => false,
  };
}

function ecdsa(algorithm: "ecdsa-p256" | "ecdsa-p384", raw: Uint8Array): PublicKey {
  const curve = curves[algorithm];
  const point = curve.Point.fromBytes(raw).toBytes(false);
  const compactBytes = algorithm === "ecdsa-p256" ? 64 : 96;
  const options = (signature: Uint8Array) =>
    ({ lowS: false, format: signature.length === compactBytes ? "compact" : "der" }) as const;
  return {
    algorithm,
    id: idOf(algorithm, point),
    // DSSE's own vectors have r || s; most tools write DER. A high s is as good to others as a low one.
    verify: (message, signature) =>
      attempt(() => curve.verify(signature, message, point, options(signature))),
    verifySha256: (digest, signature) =>
      algorithm === "ecdsa-p256" &&
      attempt(() =>
        curve.verify(signature, digest, point, { ...options(signature), prehash: false }),
      ),
  };
}

/** SHA-256 over the SubjectPublicKeyInfo with an uncompressed point. */
function idOf(algorithm: KeyAlgorithm, raw: Uint8Array): string {
  const form = forms.find((one) => one.algorithm === algorithm && one.bytes === raw.length);
  return digestBytes(concat(hexToBytes(form?.prefix ?? ""), raw));
}

function attempt(verify: () => boolean): boolean {
  try {
    return verify();
  } catch {
    return false;
  }
}
