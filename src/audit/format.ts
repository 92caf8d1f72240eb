import canonicalize from "canonicalize";
import { z } from "zod";
import { utf8 } from "../ledger/bytes.ts";
import { Hash, Opening } from "../model/ledger.ts";
import { Digest, Name, Version } from "../model/primitives.ts";
import { safePath } from "./zip/read-zip.ts";

/**
 * The audit pack, format 1. docs/audit.md describes it for whoever writes another verifier.
 *
 *   manifest.json             canonical JSON: what the pack is about, and every other file by digest
 *   README.txt                how to verify it without Tidelock; always the same text
 *   checkpoint                signed note with all cosignatures: the tree that everything is proven against
 *   history/<size>            earlier checkpoints: key changes, anchors, what witnesses saw
 *   consistency.jsonl         for each earlier size, the proof that its tree is the beginning of this one
 *   entries.jsonl             entries of the ledger with inclusion proof and, unless erased, what opens them
 *   journal.jsonl             what host agents signed (packs about an environment)
 *   shared-names.jsonl        pseudonyms that are nobody's alone, with name and key: of shared tokens and machines
 *   review.txt                the review, to be read (packs about one); it follows from the rest
 *   attestations/<digest>.dsse.json
 *   blobs/<digest>            documents, plans, configurations, releases, reports, inputs of decisions: named by
 *                             entries
 */
export const paths = {
  manifest: "manifest.json",
  readme: "README.txt",
  checkpoint: "checkpoint",
  consistency: "consistency.jsonl",
  entries: "entries.jsonl",
  journal: "journal.jsonl",
  sharedNames: "shared-names.jsonl",
  review: "review.txt",
  history: (size: number) => `history/${size}`,
  attestation: (digest: Digest) => `attestations/${hexOf(digest)}.dsse.json`,
  blob: (digest: Digest) => `blobs/${hexOf(digest)}`,
} as const;

const known =
  /^(manifest\.json|README\.txt|checkpoint|review\.txt|(consistency|entries|journal|shared-names)\.jsonl|history\/(0|[1-9]\d{0,15})|attestations\/[0-9a-f]{64}\.dsse\.json|blobs\/[0-9a-f]{64})$/;

/** A file that the format has. Anything else in a pack is refused: it would be unproven baggage. */
export function isKnownPath(path: string): boolean {
  return safePath.test(path) && known.test(path);
}

/** The order of files in a pack: the manifest, then by code unit. One set of files is one zip. */
export function comparePaths(a: string, b: string): number {
  if (a === b) return 0;
  if (a === paths.manifest) return -1;
  if (b === paths.manifest) return 1;
  return a < b ? -1 : 1;
}

/** A file of canonical JSON, one value a line. */
export function jsonLines(values: readonly unknown[]): Uint8Array {
  return utf8(values.map((value) => `${canonicalize(value)}\n`).join(""));
}

function hexOf(digest: Digest): string {
  return digest.slice("sha256:".length);
}

/** What a pack is about: everything about one release, every change of one environment in a time, or one review. */
export const Subject = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("release"),
    service: Name,
    version: Version,
    release: Digest,
  }),
  z.strictObject({
    kind: z.literal("environment"),
    environment: Name,
    /** RFC 3339, UTC, milliseconds: entries with `from <= time < to` are the population. */
    from: z.iso.datetime({ precision: 3 }),
    to: z.iso.datetime({ precision: 3 }),
  }),
  /** One review of who can do what. */
  z.strictObject({
    kind: z.literal("access-review"),
    review: z.string().regex(/^v[0-9a-f]{10}$/),
  }),
]);
export type Subject = z.infer<typeof Subject>;

export const Manifest = z.strictObject({
  kind: z.literal("AuditPack"),
  formatVersion: z.literal(1),
  subject: Subject,
  checkpoint: z.strictObject({ origin: z.string(), size: z.int().positive(), root: Hash }),
  files: z.array(z.strictObject({ path: z.string(), size: z.int().nonnegative(), digest: Digest })),
});
export type Manifest = z.infer<typeof Manifest>;

const base64 = z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/);

/** One line of entries.jsonl. */
export const EntryLine = z.strictObject({
  index: z.int().nonnegative(),
  /** The leaf's bytes, base64. */
  leaf: base64,
  /** Inclusion proof in the pack's checkpoint (RFC 6962 2.1.1), lowest first, 32 bytes each, base64. */
  proof: z.array(base64).max(64),
  /** Null when payload and salt were erased. */
  opening: Opening.nullable(),
});
export type EntryLine = z.infer<typeof EntryLine>;

/** One line of consistency.jsonl (RFC 6962 2.1.2). */
export const ConsistencyLine = z.strictObject({
  size: z.int().nonnegative(),
  proof: z.array(base64).max(64),
});
export type ConsistencyLine = z.infer<typeof ConsistencyLine>;

/** One line of shared-names.jsonl: what opens the keyed digest in the pseudonym's `person.met`. */
export const SharedNameLine = z.strictObject({
  pseudonym: z.string().max(64),
  name: z.string().max(1_024),
  /** Lower-case hex. */
  key: z.string().regex(/^[0-9a-f]{64}$/),
});
export type SharedNameLine = z.infer<typeof SharedNameLine>;

/** One line of journal.jsonl: an entry of a host agent's journal as the agent signed it, beside whose it is. */
export const JournalLine = z.strictObject({ agent: z.string(), entry: z.unknown() });
