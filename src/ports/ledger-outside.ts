import type { AnchorView, WitnessView } from "../api/views/outside.ts";
import type { AnchorSettings } from "../model/anchor.ts";
import type { Actor } from "./control-plane.ts";

/** Who looks at the ledger from outside: each addition and removal is an entry of the ledger itself. */
export interface LedgerOutside {
  listWitnesses(): Promise<readonly WitnessView[]>;
  /** `conflict` when one of this name is there, `invalid-input` for a key or address that cannot be one. */
  addWitness(
    actor: Actor,
    witness: { readonly key: string; readonly url: string; readonly operator: string },
  ): Promise<WitnessView>;
  removeWitness(actor: Actor, name: string): Promise<string>;

  listAnchors(): Promise<readonly AnchorView[]>;
  addAnchor(
    actor: Actor,
    anchor: { readonly name: string; readonly settings: AnchorSettings; readonly everyMs: number },
  ): Promise<AnchorView>;
  removeAnchor(actor: Actor, name: string): Promise<string>;
}
