import type { Digest } from "../../model/primitives.ts";

/** A release as statements of others may name it. */
export interface Product {
  readonly service: string;
  readonly version: string;
  /** Its id and its artifacts'. */
  readonly digests: readonly Digest[];
}

/**
 * Whether a statement about a part of some product is about this release's part: documents of one issuer speak of many
 * products, and what is so in one is not in another. A product is this release when it has one of its digests, or has
 * none and is named like the service, without a version or with this one. Pure; letters that only look alike differ.
 */
export function isProduct(named: string, { service, version, digests }: Product): boolean {
  const text = decoded(named);
  const hex = text.match(/[0-9a-f]{64}/gi) ?? [];
  if (hex.length > 0) {
    return hex.some((one) => digests.includes(`sha256:${one.toLowerCase()}`));
  }
  const plain = text.replace(/[?#].*$/s, "");
  const last = plain.slice(plain.lastIndexOf("/") + 1);
  return [service, `${service}@${version}`, `${service} ${version}`, `${service}:${version}`].includes(last); // prettier-ignore
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
