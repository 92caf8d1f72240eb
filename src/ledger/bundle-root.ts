import { sha256Into } from "./crypto.ts";
import { hashLength } from "./hash.ts";
import { tileWidth } from "./tiles.ts";

/**
 * The root over the entries of a full bundle, without a byte allocated for any hash on the way: a log is verified at
 * the rate at which it can be hashed. Null when the bytes are not exactly 256 entries.
 */
export function rootOfFullBundle(bundle: Uint8Array): Uint8Array | null {
  const leaves = copyOf(bundle);
  let at = 0;
  for (let entry = 0; entry < tileWidth; entry++) {
    const end = at + 2 + (((bundle[at] ?? 0) << 8) | (bundle[at + 1] ?? 0));
    if (at + 2 > bundle.length || end > bundle.length) return null;
    // The second byte of the length becomes the leaf's prefix: the entry need not be moved.
    leaves[at + 1] = 0x00;
    sha256Into(leaves.subarray(at + 1, end), nodes, placeOf(entry));
    at = end;
  }
  if (at !== bundle.length) return null;
  for (let width = tileWidth / 2; width >= 1; width /= 2) {
    for (let node = 0; node < width; node++) {
      // Writes over a node that was read already: its place is at most half as far.
      sha256Into(inputs[node] ?? nodes, nodes, placeOf(node));
    }
  }
  return nodes.slice(1, 1 + hashLength);
}

/** The input of each node, side by side: 0x01, left, right. */
const nodeLength = 1 + 2 * hashLength;
const nodes = new Uint8Array((tileWidth / 2) * nodeLength);
const inputs = Array.from({ length: tileWidth / 2 }, (_, node) => {
  nodes[node * nodeLength] = 0x01;
  return nodes.subarray(node * nodeLength, (node + 1) * nodeLength);
});

/** Where the `child`-th hash of a level stands in its parent's input. */
function placeOf(child: number): number {
  return (child >> 1) * nodeLength + 1 + (child & 1) * hashLength;
}

let scratch = new Uint8Array(0);

function copyOf(bundle: Uint8Array): Uint8Array {
  if (scratch.length < bundle.length) scratch = new Uint8Array(bundle.length);
  scratch.set(bundle);
  return scratch;
}
