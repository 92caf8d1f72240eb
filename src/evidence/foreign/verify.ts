import type { Producer } from "../../model/producers.ts";
import { verifyDsse } from "./dsse/index.ts";
import { type ForeignResult, refused } from "./result.ts";
import { verifySigstore } from "./sigstore/index.ts";
import { verifyX509 } from "./x509/index.ts";

/** Adapts foreign formats with Node's own cryptography: not for browsers (`dsse/` alone is). */

/**
 * Whether `producer` signed these bytes, and what they say. The producer's type decides how they are read;
 * bytes in another format are `not-mine`. Never throws.
 */
export function verifyForeign(bytes: Uint8Array, producer: Producer, now: Date): ForeignResult {
  try {
    switch (producer.type) {
      case "key":
        return verifyDsse(bytes, producer);
      case "sigstore":
        return verifySigstore(bytes, producer);
      case "x509":
        return verifyX509(bytes, producer, now);
    }
  } catch {
    return refused("it is damaged");
  }
}
