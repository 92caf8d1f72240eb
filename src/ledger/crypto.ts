import type * as NodeCryptoModule from "node:crypto";
import { ed25519 } from "@noble/curves/ed25519.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 as nobleSha256 } from "@noble/hashes/sha2.js";
import { toHex, utf8 } from "./bytes.ts";

/**
 * SHA-256, HMAC and Ed25519 for Node and browsers. Node's own are taken where they are, without an import
 * that a bundler would have to resolve; both give the same answers, which crypto.test.ts holds them to.
 */
export interface Primitives {
  sha256(data: Uint8Array): Uint8Array;
  /** Writes the 32 bytes into `target` from `at` on, where allocating them would cost more than hashing. */
  sha256Into(data: Uint8Array, target: Uint8Array, at: number): void;
  /** The same over a text in UTF-8. */
  sha256TextInto(text: string, target: Uint8Array, at: number): void;
  hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array;
  /** `publicKey` is one that `isUsableKey` accepts, `signature` has 64 bytes. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}

export const nobleCrypto: Primitives = {
  sha256: (data) => nobleSha256(data),
  sha256Into: (data, target, at) => target.set(nobleSha256(data), at),
  sha256TextInto: (text, target, at) => target.set(nobleSha256(utf8(text)), at),
  hmacSha256: (key, data) => hmac(nobleSha256, key, data),
  verify(publicKey, message, signature) {
    try {
      // Not the looser ZIP 215: what OpenSSL and Go refuse is refused here.
      return ed25519.verify(signature, message, publicKey, { zip215: false });
    } catch {
      return false;
    }
  },
};

/** Of SHA-256, in bytes: HMAC pads its key to it. */
const blockLength = 64;

type NodeCrypto = typeof NodeCryptoModule;

/** Null outside of Node. */
export const nodeCrypto: Primitives | null = fromNode(
  globalThis.process?.getBuiltinModule?.("node:crypto"),
);

function fromNode(node: NodeCrypto | undefined): Primitives | null {
  if (typeof node?.hash !== "function") return null;
  const keys = new Map<string, ReturnType<NodeCrypto["createPublicKey"]>>();
  const keyOf = (publicKey: Uint8Array) => {
    const id = toHex(publicKey);
    let key = keys.get(id);
    if (key === undefined) {
      const x = btoa(String.fromCharCode(...publicKey));
      key = node.createPublicKey({
        key: {
          kty: "OKP",
          crv: "Ed25519",
          x: x.replaceAll("+", "-").replaceAll("/", "_").replace("=", ""),
        },
        format: "jwk",
      });
      if (keys.size >= 64) keys.clear();
      keys.set(id, key);
    }
    return key;
  };
  const into = (data: Uint8Array | string, target: Uint8Array, at: number) => {
    // As text: an answer as Buffer allocates outside of the heap and takes five times as long.
    const digest = node.hash("sha256", data, "binary");
    for (let i = 0; i < 32; i++) target[at + i] = digest.charCodeAt(i);
  };
  const sha256Into: Primitives["sha256Into"] = into;
  return {
    sha256Into,
    sha256TextInto: into,
    sha256(data) {
      const digest = new Uint8Array(32);
      sha256Into(data, digest, 0);
      return digest;
    },
    hmacSha256: hmacOf(sha256Into),
    verify(publicKey, message, signature) {
      try {
        return node.verify(null, message, keyOf(publicKey), signature);
      } catch {
        return false;
      }
    },
  };
}

/**
 * HMAC (RFC 2104) by two calls of SHA-256. Node's own makes three objects outside of the heap for every call,
 * and takes fifteen times as long.
 */
function hmacOf(sha256Into: Primitives["sha256Into"]): Primitives["hmacSha256"] {
  // Room for the biggest payload of an entry; bigger data take the way that allocates.
  const room = new Uint8Array(blockLength + 65_536);
  const outer = new Uint8Array(blockLength + 32);
  return (key, data) => {
    const length = blockLength + data.length;
    const inner = length <= room.length ? room.subarray(0, length) : new Uint8Array(length);
    inner.fill(0, 0, blockLength);
    if (key.length > blockLength) sha256Into(key, inner, 0);
    else inner.set(key, 0);
    for (let i = 0; i < blockLength; i++) {
      const byte = inner[i] ?? 0;
      inner[i] = byte ^ 0x36;
      outer[i] = byte ^ 0x5c;
    }
    inner.set(data, blockLength);
    sha256Into(inner, outer, blockLength);
    const digest = new Uint8Array(32);
    sha256Into(outer, digest, 0);
    return digest;
  };
}

const chosen = nodeCrypto ?? nobleCrypto;

export function sha256(data: Uint8Array): Uint8Array {
  return chosen.sha256(data);
}

export function sha256Into(data: Uint8Array, target: Uint8Array, at: number): void {
  chosen.sha256Into(data, target, at);
}

export function sha256TextInto(text: string, target: Uint8Array, at: number): void {
  chosen.sha256TextInto(text, target, at);
}

export function hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array {
  return chosen.hmacSha256(key, data);
}

/** Ed25519 (RFC 8032). False for whatever has not its length or is no usable key; never throws. */
export function verifyEd25519(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (signature.length !== 64 || !isUsableKey(publicKey)) return false;
  return chosen.verify(publicKey, message, signature);
}

/** What was found usable: decoding a point in JavaScript takes a millisecond. */
const usable = new Map<string, boolean>();

/**
 * Whether these 32 bytes are a point on the curve in its one encoding and of large order. Under a key of small
 * order one signature fits any message.
 */
export function isUsableKey(publicKey: Uint8Array): boolean {
  if (publicKey.length !== 32) return false;
  const id = toHex(publicKey);
  let answer = usable.get(id);
  if (answer === undefined) {
    answer = decodesToLargeOrder(publicKey);
    if (usable.size >= 1_024) usable.clear();
    usable.set(id, answer);
  }
  return answer;
}

function decodesToLargeOrder(publicKey: Uint8Array): boolean {
  try {
    const point = ed25519.Point.fromBytes(Uint8Array.from(publicKey), false);
    return !point.isSmallOrder();
  } catch {
    return false;
  }
}
