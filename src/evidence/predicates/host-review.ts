import { HostReview } from "../../model/git-host.ts";
import type { PredicateKind } from "./predicate.ts";

/** What a git host said about the commits of a release when Tidelock asked it. */
export const hostReview = {
  type: "https://tidelock.dev/predicate/git-host-review/v1",
  schema: HostReview,
} as const satisfies PredicateKind<typeof HostReview>;
