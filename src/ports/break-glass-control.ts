import type { Page } from "../model/principal.ts";
import type { BreakGlassView } from "../api/routes/break-glass.ts";
import type { BreakGlassId, GlassWish, GlassWishFor } from "../model/break-glass.ts";
import type { SignerView } from "../model/signer-view.ts";
import type { Actor } from "./control-plane.ts";

/** Emergencies: what two people set aside for one plan, and the review that somebody else owes. */
export interface BreakGlassControl {
  /** Throws `forbidden` where nobody may, `conflict` where nothing that may be set aside stands in the way. */
  open(actor: Actor, wish: GlassWish): Promise<BreakGlassView>;
  /** The same of a promotion that waits, or was denied. */
  openFor(actor: Actor, promotion: string, wish: GlassWishFor): Promise<BreakGlassView>;
  /** Whether and how somebody can sign or review it, before they try. */
  mine(actor: Actor, id: BreakGlassId): Promise<SignerView>;
  /** A person's signature; the second person's puts it in force (in `solo` the first one's). */
  sign(id: BreakGlassId, signed: Uint8Array): Promise<BreakGlassView>;
  /** A signed review, by somebody who did not break it. */
  review(id: BreakGlassId, signed: Uint8Array): Promise<BreakGlassView>;
  /** Before anything went through it; at once, by one person: it only closes. */
  withdraw(actor: Actor, id: BreakGlassId, reason: string): Promise<BreakGlassView>;
  /** Newest first. */
  list(
    filter: {
      readonly service?: string | undefined;
      readonly environment?: string | undefined;
      readonly state: "open" | "any";
    } & Page,
  ): Promise<readonly BreakGlassView[]>;
  show(id: BreakGlassId): Promise<BreakGlassView>;
}
