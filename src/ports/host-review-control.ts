import type { HostReviewView } from "../api/routes/host-reviews.ts";
import type { Actor } from "./control-plane.ts";

export interface ReviewOf {
  readonly service: string;
  /** Version or id. */
  readonly release: string;
  readonly environment: string;
}

export type ReviewShown = HostReviewView;

/** What git hosts say about the commits of releases. */
export interface HostReviewControl {
  fetch(actor: Actor, of: ReviewOf): Promise<ReviewShown>;
  show(of: ReviewOf): Promise<ReviewShown>;
}
