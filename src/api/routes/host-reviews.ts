import { z } from "zod";
import { HostReview } from "../../model/git-host.ts";
import { ofService } from "../../model/permissions.ts";
import { Digest, Name } from "../../model/primitives.ts";

/** Calls about what git hosts say of releases. */

const Count = z.int().nonnegative();

/** Without the bodies of the host's answers, which stand in the statement. */
export const HostReviewView = HostReview.extend({
  answers: z.array(z.object({ path: z.string(), status: z.int(), digest: Digest })),
  /** Of the signed statement. */
  digest: Digest,
  /** Older than it counts here. */
  stale: z.boolean(),
  /** Null: the host did not say all. */
  figures: z
    .object({
      commits: Count,
      unreviewed: Count,
      approvals: Count.nullable(),
      selfApprovals: Count,
      staleApprovals: Count,
      changesRequested: Count,
    })
    .nullable(),
});
export type HostReviewView = z.infer<typeof HostReviewView>;

const of = {
  params: z.object({ service: Name, release: z.string().min(1).max(128) }),
  resource: ofService,
} as const;

export const hostReviewRoutes = {
  /** Asks the git host that the environment's owners trust, and keeps what it answers. */
  hostReviewFetch: {
    method: "POST",
    path: "/api/v1/services/:service/releases/:release/review",
    permission: "release.attest",
    ...of,
    body: z.object({ environment: Name }),
    response: HostReviewView,
  },
  /** What it said when it was last asked. */
  hostReviewShow: {
    method: "GET",
    path: "/api/v1/services/:service/releases/:release/review",
    permission: "release.read",
    ...of,
    query: z.object({ environment: Name }),
    response: HostReviewView,
  },
} as const;
