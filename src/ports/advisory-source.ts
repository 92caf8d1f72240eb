/** One version of a package, in the words of advisories: `npm`, `@scope/name`, `1.2.3`. */
export interface PackageVersion {
  readonly ecosystem: string;
  readonly name: string;
  readonly version: string;
}

/** Which advisories count on this machine. */
export interface AdvisoryEdition {
  readonly digest: string;
  /** RFC 3339: when they were brought here. */
  readonly importedAt: string;
}

/** A published flaw of one package version. */
export interface PackageFlaw {
  readonly package: PackageVersion;
  /** Its id, and the other names of the same flaw. */
  readonly advisory: string;
  readonly aliases: readonly string[];
  /** CVSS base score; null where the record says none. */
  readonly score: number | null;
  /** The first version in which it is repaired; null: none yet. */
  readonly fixedIn: string | null;
}

/**
 * Advisories as an adapter keeps them, for whoever knows which packages are where: so that a new one finds what it
 * concerns without every release being scanned again.
 */
export interface AdvisorySource {
  /** Null when none were imported. @param checkData folder of data that checks decide by */
  edition(checkData: string): Promise<AdvisoryEdition | null>;
  /**
   * What an edition says of packages, each flaw once for each of them, as a scan would.
   *
   * @throws TidelockError `unavailable`, retryable, when another edition took its place meanwhile
   */
  flawsOf(
    checkData: string,
    edition: string,
    packages: readonly PackageVersion[],
  ): Promise<readonly PackageFlaw[]>;
}
