import { sha256 } from "./crypto.ts";

/** The hashes of a Merkle tree, RFC 6962 section 2.1. Every hash has 32 bytes. */
export const hashLength = 32;

const nodeInput = new Uint8Array(1 + 2 * hashLength);
nodeInput[0] = 0x01;
// Room for the biggest entry that a bundle can hold; bigger ones take the way that allocates.
const leafInput = new Uint8Array(1 + 65_535);
leafInput[0] = 0x00;

/** `SHA-256(0x00 || entry)`. */
export function hashLeaf(entry: Uint8Array): Uint8Array {
  if (entry.length >= leafInput.length) {
    const input = new Uint8Array(1 + entry.length);
    input.set(entry, 1);
    return sha256(input);
  }
  leafInput.set(entry, 1);
  return sha256(leafInput.subarray(0, 1 + entry.length));
}

/** `SHA-256(0x01 || left || right)`. */
export function hashNode(left: Uint8Array, right: Uint8Array): Uint8Array {
  nodeInput.set(left, 1);
  nodeInput.set(right, 1 + hashLength);
  return sha256(nodeInput);
}

/** The root of the tree without leaves: SHA-256 of nothing. */
export function emptyRoot(): Uint8Array {
  return sha256(new Uint8Array(0));
}
