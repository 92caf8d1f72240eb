import { createHash } from "node:crypto";
import { z } from "zod";
import { Digest } from "./primitives.ts";

/**
 * Advisories as they are kept on this machine: what deciding needs of an OSV record (ossf.github.io/osv-schema)
 * and no more. The snapshot is a folder:
 *
 *   check-data/advisories/current.json               `AdvisorySnapshot`: which one counts
 *   check-data/advisories/<64 hex>/<shard>.jsonl     one `Advisory` a line
 *
 * A shard holds the packages whose key has the same first byte of its SHA-256, so that a scan reads what
 * its packages need and not a whole ecosystem.
 */

const text = (most: number) => z.string().max(most);

export const AdvisoryEvent = z.union([
  z.strictObject({ introduced: text(200) }),
  z.strictObject({ fixed: text(200) }),
  z.strictObject({ lastAffected: text(200) }),
  z.strictObject({ limit: text(200) }),
]);
export type AdvisoryEvent = z.infer<typeof AdvisoryEvent>;

export const Advisory = z.strictObject({
  id: text(128),
  aliases: z.array(text(128)).max(64),
  summary: text(500),
  /** As a CVSS base score; null when the record says nothing that can be read. */
  score: z.number().min(0).max(10).nullable(),
  cwe: z.array(z.int().positive()).max(32),
  /** RFC 3339. */
  modified: text(40),
  /** `npm`, `PyPI`, `Go` … without a suffix such as `:3.12`. */
  ecosystem: text(64),
  /** Of the package, in the form `packageKey` gives. */
  name: text(512),
  /** `SEMVER` and `ECOSYSTEM` ranges, each a list of events. */
  ranges: z.array(z.array(AdvisoryEvent).max(2_000)).max(500),
  versions: z.array(text(200)).max(20_000),
});
export type Advisory = z.infer<typeof Advisory>;

export const AdvisorySnapshot = z.strictObject({
  formatVersion: z.literal(1),
  digest: Digest,
  /** When it was brought in. RFC 3339. */
  importedAt: z.iso.datetime(),
  /** How old the advisories are: the newest of them, or what the operator stated. RFC 3339. */
  asOf: z.iso.datetime(),
  /** How many advisories of each ecosystem. */
  ecosystems: z.record(z.string(), z.int().nonnegative()),
  withdrawn: z.int().nonnegative(),
  /** Why a snapshot with fewer advisories than the one before was taken. */
  fewer: z.string().optional(),
});
export type AdvisorySnapshot = z.infer<typeof AdvisorySnapshot>;

/**
 * Whose names are equal without case: NuGet and Packagist say so, and a package URL writes Go's modules in small letters
 * (purl-spec), whatever the module is called.
 */
const caseless: ReadonlySet<string> = new Set(["NuGet", "Packagist", "Go"]);

/** One spelling for one package; PyPI's names are equal with any of `-_.` too (PEP 503). */
export function packageKey(ecosystem: string, name: string): string {
  if (ecosystem === "PyPI") return name.toLowerCase().replaceAll(/[-_.]+/g, "-");
  return caseless.has(ecosystem) ? name.toLowerCase() : name;
}

/** Name of the shard that holds a package: the first byte of its key's SHA-256, in hex. */
export function advisoryShard(ecosystem: string, key: string): string {
  return createHash("sha256").update(`${ecosystem}\0${key}`).digest("hex").slice(0, 2);
}
