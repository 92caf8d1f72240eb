import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import type { Digest } from "./primitives.ts";
import { TidelockError } from "./errors.ts";

/** Canonical JSON (RFC 8785): the same value always gives the same bytes. */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) {
    throw new TidelockError("internal", "this value has no canonical JSON form", { fault: "bug" });
  }
  return text;
}

/** SHA-256 over the canonical JSON of `value`, as `sha256:<hex>`. */
export function digestOf(value: unknown): Digest {
  return `sha256:${createHash("sha256").update(canonicalJson(value)).digest("hex")}`;
}
