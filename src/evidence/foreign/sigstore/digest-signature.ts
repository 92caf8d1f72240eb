import type { KeyObject } from "node:crypto";
import type { SignedEntity } from "@sigstore/verify";
import { sameBytes } from "../../bytes.ts";
import { publicKeyFromSpki } from "../../keys.ts";

type SignatureContent = SignedEntity["signature"];

/**
 * A signature over bytes of which only the SHA-256 is at hand: `@sigstore/verify` wants the bytes
 * themselves, and a release's artifact may have gigabytes. Possible for ECDSA P-256, which is what Sigstore
 * signs with; of other keys this says no.
 */
export function digestSignature(signature: Uint8Array, digest: Uint8Array): SignatureContent {
  const compareDigest = (given: Buffer): boolean => sameBytes(given, digest);
  return {
    signature: Buffer.from(signature),
    compareSignature: (given) => sameBytes(given, signature),
    compareDigest,
    compareSignedDigest: compareDigest,
    verifySignature: (key: KeyObject) => {
      const read = publicKeyFromSpki(key.export({ type: "spki", format: "der" }));
      return read.ok && read.value.verifySha256(digest, signature);
    },
  };
}
