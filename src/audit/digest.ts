import { toHex } from "../ledger/bytes.ts";
import { sha256 } from "../ledger/crypto.ts";
import type { Digest } from "../model/primitives.ts";

/** SHA-256 as `sha256:<hex>`, by Node's own implementation where there is one. */
export function digestBytes(bytes: Uint8Array): Digest {
  return `sha256:${toHex(sha256(bytes))}`;
}
