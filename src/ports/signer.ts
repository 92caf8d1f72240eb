/** Signs with a key that never leaves its keeper. Ed25519 throughout (RFC 8032). */
export interface Signer {
  /** Name in signed notes and `keyid` hint in DSSE envelopes; no spaces and no `+`. */
  readonly name: string;
  /** The raw 32-byte public key. */
  readonly publicKey: Uint8Array;
  /** 64 bytes over exactly `message`. */
  sign(message: Uint8Array): Promise<Uint8Array>;
}
