import { z } from "zod";
import { AnchorView, WitnessView } from "./outside.ts";
import { LeafEntry, Opening } from "../../model/ledger.ts";

/** What the API shows of the ledger. Times are RFC 3339 in UTC, hashes hex, sizes counts of entries. */

const Time = z.string();

export const KeyUse = z.enum(["log", "evidence"]);

export const LedgerKeyView = z.object({
  /** First eight bytes of the public key's SHA-256. */
  id: z.string(),
  /** Of a log key: the id by which its signature stands in a checkpoint (C2SP signed-note), 8 hex digits. */
  noteId: z.string().nullable(),
  use: KeyUse,
  /** As a trust root names it: a verifier key (log), PEM (evidence). */
  key: z.string(),
  state: z.enum(["active", "ending", "retired", "compromised"]),
  addedAt: Time,
  /** Until when it signs beside its successor. */
  signsUntil: Time.nullable(),
  /** Of a compromised one: the last size whose checkpoint is believed although it signed it. */
  lastTrustedSize: z.int().nullable(),
  /** Whether the private half lies sealed in the database, or is given from outside. */
  kept: z.enum(["sealed", "outside"]),
});
export type LedgerKeyView = z.infer<typeof LedgerKeyView>;

export const LedgerStatusView = z.object({
  origin: z.string(),
  /** Entries that have their place. */
  size: z.int(),
  root: z.string(),
  lastTime: Time.nullable(),
  checkpoint: z.object({ size: z.int(), at: Time, note: z.string() }).nullable(),
  /** Committed entries without a place, and since how many milliseconds the first of them waits. */
  waiting: z.object({ entries: z.int(), ms: z.number() }),
  /** Rows that no server had written and that were set aside, and when the last of them was. */
  rejected: z.object({ entries: z.int(), last: Time.nullable() }),
  /** Why this server is read-only; null when it is not. */
  behind: z.string().nullable(),
  /** Why no gate opens now; null when all is well. */
  trouble: z.string().nullable(),
  keys: z.array(LedgerKeyView),
  /** Who looks at it from outside, and what they said last. */
  witnesses: z.array(WitnessView),
  anchors: z.array(AnchorView),
});
export type LedgerStatusView = z.infer<typeof LedgerStatusView>;

export const LedgerProofView = z.object({
  index: z.int(),
  entry: LeafEntry,
  /** The leaf's exact bytes, base64: what the receipt is about. */
  leaf: z.string(),
  /** Null when it was erased. */
  opening: Opening.nullable(),
  /** A receipt for offline verification (C2SP tlog-proof). */
  receipt: z.string(),
});
export type LedgerProofView = z.infer<typeof LedgerProofView>;

export const LedgerStateView = z.discriminatedUnion("ok", [
  z.object({
    ok: z.literal(true),
    /** Entries replayed, rows compared, and how many of these have an entry whose payload was erased. */
    size: z.int(),
    rows: z.int(),
    erased: z.int(),
    /** Why the server is read-only: what was verified then is an older state. Null when it is not. */
    behind: z.string().nullable(),
  }),
  z.object({
    ok: z.literal(false),
    difference: z.object({
      table: z.string(),
      row: z.string().nullable(),
      column: z.string().nullable(),
      index: z.int().nullable(),
      message: z.string(),
    }),
  }),
]);
export type LedgerStateView = z.infer<typeof LedgerStateView>;
