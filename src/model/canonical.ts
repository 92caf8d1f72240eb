import { sha256 } from "@noble/hashes/sha2.js";
import canonicalize from "canonicalize";
import type { Digest } from "./primitives.ts";
import { inCanonicalOrder } from "./canonical-copy.ts";
import { TidelockError } from "./errors.ts";

/** Canonical JSON (RFC 8785): the same value always gives the same bytes. */
export function canonicalJson(value: unknown): string {
  // Plain values, which are nearly all, in a quarter of the time; the same text (canonical.test.ts holds both together).
  const plain = inCanonicalOrder(value);
  const quick = plain === null ? undefined : JSON.stringify(plain.value);
  // Half a surrogate pair is written as `\ud…`: the one thing that is not looked for value by value.
  const text = quick === undefined || quick.includes("\\ud") ? canonicalize(value) : quick;
  if (text === undefined) {
    throw new TidelockError("internal", "this value has no canonical JSON form", { fault: "bug" });
  }
  return text;
}

/** SHA-256 over the canonical JSON of `value`, as `sha256:<hex>`. */
export function digestOf(value: unknown): Digest {
  return digestOfText(canonicalJson(value));
}

/** SHA-256 over a text that is canonical JSON already. */
export function digestOfText(text: string): Digest {
  return `sha256:${sha256Hex(text)}`;
}

/** Node's own where it is, asked for without an import: decisions are replayed in browsers too. */
const node = globalThis.process?.getBuiltinModule?.("node:crypto");

function sha256Hex(text: string): string {
  if (typeof node?.hash === "function") return node.hash("sha256", text, "hex");
  const bytes = sha256(new TextEncoder().encode(text));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
