import type { FeedView } from "../api/routes/feeds.ts";
import type { Digest } from "../model/primitives.ts";
import type { Actor } from "./control-plane.ts";

/** What others publish about vulnerabilities as such. */
export interface FeedControl {
  status(): Promise<readonly FeedView[]>;
  /**
   * Lets the uploaded bytes take the place of what is known. Throws `invalid-input` for what is no such feed, `conflict`
   * for an older or emptier edition; nothing changes then.
   */
  import(
    actor: Actor,
    kind: "epss" | "kev",
    request: { readonly digest: Digest; readonly fewer?: string | undefined },
  ): Promise<FeedView>;
}
