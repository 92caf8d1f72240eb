import { z } from "zod";
import { digestOf } from "./canonical.ts";
import { Digest, Name, Version } from "./primitives.ts";

/** A tree of ours without any entry: the end of an archive, 1024 zero bytes. Nothing could run from it. */
export const emptyTree: Digest =
  "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef";

/** A person as git knows one. */
export const Person = z.object({ name: z.string(), email: z.string() });
export type Person = z.infer<typeof Person>;

/** One commit that this release brings, as far as separation of duties needs it (law 5). */
export const Commit = z.object({
  revision: z.string(),
  subject: z.string(),
  at: z.iso.datetime({ offset: true }),
  author: Person,
  committer: Person,
  coAuthors: z.array(Person),
});
export type Commit = z.infer<typeof Commit>;

/** Where the artifact came from. `none` is a folder outside version control: allowed, and recorded as such. */
export const Source = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("none") }),
  z.object({
    kind: z.literal("git"),
    revision: z.string(),
    /** The repository's address without credentials, when it has one. */
    repository: z.string().optional(),
    /** True when the tree differed from the revision and the operator said so (`--allow-dirty`). */
    dirty: z.boolean(),
    /** The revision that the last environment ran when this release was made; absent for a first release. */
    since: z.string().optional(),
    /** Every commit since then, oldest first. */
    commits: z.array(Commit),
    /** True when history was cut (shallow clone or more than the limit): lineage is then unproven. */
    truncated: z.boolean(),
  }),
]);
export type Source = z.infer<typeof Source>;

/** How the artifact was made: handed in finished, or built by us in a clean folder. */
export const Build = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("finished") }),
  z.object({
    kind: z.literal("declared"),
    command: z.array(z.string()),
    /** Tool name to its version line, e.g. `{"node": "v24.21.0"}`. */
    tools: z.record(z.string(), z.string()),
  }),
]);
export type Build = z.infer<typeof Build>;

export const Artifact = z.object({
  name: z.string(),
  digest: Digest,
  /** Bytes. */
  size: z.int().nonnegative(),
  mediaType: z.string(),
});
export type Artifact = z.infer<typeof Artifact>;

/** Media type of our deterministic tar (POSIX ustar/pax, sorted, zeroed owners and times). */
export const treeMediaType = "application/vnd.tidelock.tree.v1+tar";

/** The immutable set that moves through the environments. Its id is the digest of its canonical JSON. */
export const Release = z.strictObject({
  kind: z.literal("Release"),
  formatVersion: z.literal(1),
  service: Name,
  version: Version,
  artifacts: z.array(Artifact).min(1),
  source: Source,
  build: Build,
  /** Names of configuration values and secrets that the service needs (the schema, not the values). */
  configuration: z.array(z.string()),
});
export type Release = z.infer<typeof Release>;

/** RFC 8785 digest; kind and format version are part of it. */
export function releaseId(release: Release): Digest {
  return digestOf(release);
}

/** `shop@1.4.2`. */
export function releaseName(release: Pick<Release, "service" | "version">): string {
  return `${release.service}@${release.version}`;
}
