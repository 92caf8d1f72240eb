import type { LeafEntry, Opening } from "../model/ledger.ts";

/** An entry of a pack whose leaf was read; `checks/entries.ts` proves it. */
export interface LogEntry {
  /** Place in the log, from 0. */
  readonly index: number;
  readonly leaf: LeafEntry;
  /** Lower-case hex. */
  readonly leafHash: string;
  /** Null when it was erased, or when it does not open the leaf's commitment. */
  readonly payload: Opening["payload"] | null;
}
