import { packagePlace, readPackageUrl } from "./package-url.ts";

/** A package as one part of a document describes it for the others. */
export interface Package {
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  readonly purl?: string | undefined;
  readonly path?: string | undefined;
}

/** Enough for an image with everything in it; each one kept costs some hundred bytes. */
const mostKept = 100_000;

/** What a document's references mean, kept while its vulnerabilities are read. */
export interface PackageIndex {
  add(reference: string, described: Package): void;
  get(reference: string): Package | undefined;
  /** How many it was told of; a package without a reference counts too. */
  readonly count: number;
  /** True once some were not kept: references to those stay as they are. */
  readonly full: boolean;
}

export function packageIndex(most: number = mostKept): PackageIndex {
  const kept = new Map<string, Package>();
  let count = 0;
  let full = false;
  return {
    add(reference, described) {
      count += 1;
      if (reference === "" || saysItself(reference, described)) return;
      if (kept.size >= most) full = true;
      else if (!kept.has(reference)) kept.set(reference, described);
    },
    get: (reference) => kept.get(reference),
    get count() {
      return count;
    },
    get full() {
      return full;
    },
  };
}

/** A reference that is the package URL, as many tools write it, need not be kept. */
function saysItself(reference: string, { name, version, purl, path }: Package): boolean {
  if (reference !== purl || path !== undefined) return false;
  const read = readPackageUrl(reference);
  const place = packagePlace({ name, version, purl });
  return read !== undefined && read.name === place.name && read.version === place.version;
}
