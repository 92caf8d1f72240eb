import type { Page } from "../model/principal.ts";
import type { WaiverView } from "../api/routes/waivers.ts";
import type { WaiverId, WaiverWish } from "../model/waiver.ts";
import type { SignerView } from "../model/signer-view.ts";
import type { Actor } from "./control-plane.ts";

/** Accepted risks: proposed, signed by two people, and over at some time. */
export interface WaiverControl {
  /** Throws `forbidden` where nobody may accept it, `conflict` where there is nothing to accept. */
  propose(actor: Actor, wish: WaiverWish): Promise<WaiverView>;
  /** Whether and how somebody can sign it, before they try. */
  mine(actor: Actor, id: WaiverId): Promise<SignerView>;
  /** A person's signature; the second person's puts it in force. */
  sign(actor: Actor, id: WaiverId, envelope: Uint8Array): Promise<WaiverView>;
  /** Newest first. `open`: proposed or in force. */
  list(
    filter: {
      readonly service?: string | undefined;
      readonly environment?: string | undefined;
      readonly finding?: string | undefined;
      readonly state: WaiverView["state"] | "open" | "any";
    } & Page,
  ): Promise<readonly WaiverView[]>;
  show(id: WaiverId): Promise<WaiverView>;
  /** At once, by anybody: it only closes. */
  withdraw(actor: Actor, id: WaiverId, reason: string): Promise<WaiverView>;
}
