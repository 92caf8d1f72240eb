import type { Page } from "../model/principal.ts";
import type { ReviewView } from "../api/routes/reviews.ts";
import type { Actor } from "./control-plane.ts";

/** Reviews of who can do what. */
export interface ReviewControl {
  /** @param wish.service null: of every one. */
  start(
    actor: Actor,
    wish: { readonly service: string | null; readonly due: string },
  ): Promise<ReviewView>;
  list(page: Page): Promise<readonly ReviewView[]>;
  show(id: string): Promise<ReviewView>;
  /** A DSSE envelope over a reviewer's statement. */
  sign(actor: Actor, id: string, envelope: Uint8Array): Promise<ReviewView>;
}
