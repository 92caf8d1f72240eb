/**
 * No record, no action (law 1). The port through which every intent, outcome and decision is written,
 * in the caller's transaction `Tx`; the same operation and kind is the same entry, written once.
 */
export interface LedgerEntry {
  /** Unique together with `kind`. */
  readonly operation: string;
  readonly kind: string;
  /** `shop/production`, `release/sha256:…`, `system`: entries of one stream form a sequence. */
  readonly stream: string;
  readonly actor: string;
  /** Canonical JSON under 64 KiB, free of secrets. */
  readonly payload: Readonly<Record<string, unknown>>;
}

export interface Ledger<Tx> {
  /** In the order given, as one statement. */
  append(tx: Tx, ...entries: LedgerEntry[]): Promise<void>;
}
