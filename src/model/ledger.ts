import { z } from "zod";

/** 32 bytes as lower-case hex: a hash of the ledger's tree. */
export const Hash = z.string().regex(/^[0-9a-f]{64}$/, "expected 64 lower-case hex digits");
export type Hash = z.infer<typeof Hash>;

/** What a leaf may weigh: C2SP tlog-tiles gives each entry a 16-bit length, and we stay below it. */
export const maxLeafBytes = 65_535;

/** What a payload may weigh; bigger things (reports, SBOMs) are blobs, named in the payload by digest. */
export const maxPayloadBytes = 60_000;

/** `release.created`, `effect.intent`: dotted words, stable for programs. The catalogue says what each means. */
export const EntryKind = z.string().regex(/^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)*$/);

/**
 * One entry of the ledger as it stands in the Merkle tree: the leaf is the canonical JSON (RFC 8785) of this
 * object in UTF-8. It holds no personal data and nothing that could have to be erased: the payload is present
 * only by a commitment, and people only by a pseudonym (`person:<random>`).
 */
export const LeafEntry = z.strictObject({
  formatVersion: z.literal(1),
  kind: EntryKind,
  /** Unique together with `kind`: the same operation is the same entry, written once. */
  operation: z.string().min(1).max(1_024),
  /** `shop/production`, `release/sha256:…`, `system`: entries of one stream form a chain. */
  stream: z.string().min(1).max(512),
  /** Place in the stream, from 1 without gaps. */
  sequence: z.int().positive(),
  /** Leaf hash of the stream's entry before; null for its first. */
  previous: Hash.nullable(),
  /** The database's clock, RFC 3339 with milliseconds in UTC; never behind the entry before in the log. */
  time: z.iso.datetime({ precision: 3 }),
  /** `tidelock` for the program itself, `person:<pseudonym>` for people and their tokens. */
  actor: z.string().min(1).max(256),
  /** HMAC-SHA-256 over the payload's canonical JSON, keyed with the entry's random salt of 32 bytes. */
  payload: z.string().regex(/^hmac-sha256:[0-9a-f]{64}$/),
});
export type LeafEntry = z.infer<typeof LeafEntry>;

/**
 * What opens the commitment of an entry. Salt and payload are erased together; without them the leaf and
 * every proof stay valid, and nobody can test a guess at what was written.
 */
export const Opening = z.strictObject({
  salt: Hash,
  payload: z.record(z.string(), z.unknown()),
});
export type Opening = z.infer<typeof Opening>;
