import type { Outcome } from "../model/decision.ts";
import { type Ground, ground } from "./decide.ts";

/**
 * What holding a decision's inputs against the ledger gave: `wait` while the ledger is in trouble, `deny` where a
 * row is not what its entry says, `allow` where that holds up nothing (a return of traffic) and is only said.
 */
export interface LedgerSays {
  readonly outcome: Outcome;
  readonly message: string;
}

export function ledgerGrounds(said: readonly LedgerSays[] | null): readonly Ground[] {
  return (said ?? []).map(({ outcome, message }) => ground(outcome, "ledger", message));
}
