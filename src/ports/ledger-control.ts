import type { LedgerProofView, LedgerStateView, LedgerStatusView } from "../api/views/ledger.ts";
import type { Actor } from "./control-plane.ts";

/** What the engine offers of the ledger to the HTTP server. Methods throw `TidelockError`. */
export interface LedgerControl {
  status(): Promise<LedgerStatusView>;
  /**
   * A file of the log in C2SP tlog-tiles layout, by its path without a leading slash (`checkpoint`,
   * `tile/0/000`, `tile/entries/x001/234.p/5`), or `keys.json` beside it. Null for what is no such path, or not covered by the newest
   * checkpoint.
   */
  file(path: string): Promise<Uint8Array | null>;
  /** @param entry an index, or an operation (then its newest entry) */
  proof(entry: string): Promise<LedgerProofView>;
  /** Rebuilds from the log every table that can open a gate, and names the first difference. */
  verifyState(): Promise<LedgerStateView>;
  /** @param overlapMs how long the old key goes on signing beside the new one */
  rotateKey(actor: Actor, use: "log" | "evidence", overlapMs?: number): Promise<string>;
  /** @param trustedSize default: the last size that a witness has cosigned */
  compromiseKey(actor: Actor, id: string, trustedSize?: number): Promise<string>;
  /** After a restore: records what was lost and opens a successor log. */
  recover(actor: Actor): Promise<string>;
}
