import type { Digest } from "../../model/primitives.ts";

/** One thing that a release is made of, whatever format told of it. */
export interface Component {
  readonly name: string;
  /** Empty when the SBOM does not say. */
  readonly version: string;
  /** Package URL with its version, or null. */
  readonly purl: string | null;
  /** SPDX identifiers, expressions, or names as written; sorted. */
  readonly licences: readonly string[];
  /** Algorithm in CycloneDX's spelling (`SHA-512`) to lower-case hex. */
  readonly hashes: Readonly<Record<string, string>>;
}

export type SbomFormat = "cyclonedx" | "spdx";

export interface Sbom {
  readonly format: SbomFormat;
  /** `1.6`, `SPDX-2.3` */
  readonly formatVersion: string;
  /** What it describes, if it says so. */
  readonly subject: {
    readonly name: string;
    readonly version: string;
    /** SHA-256 digests by which it names its subject. */
    readonly digests: readonly Digest[];
  } | null;
  readonly components: readonly Component[];
}

/** Name without version: the same package in two SBOMs. Qualifiers and subpath are no part of it. */
export function componentKey({ name, purl }: Component): string {
  if (purl === null) return name;
  const bare = purl.replace(/[?#].*$/, "");
  const at = bare.lastIndexOf("@");
  return at > bare.lastIndexOf("/") ? bare.slice(0, at) : bare;
}

export function byName(a: Component, b: Component): number {
  const [first, second] = [sortText(a), sortText(b)];
  return first < second ? -1 : first > second ? 1 : 0;
}

function sortText(component: Component): string {
  return `${componentKey(component)}\0${component.version}`;
}
