import { After, page } from "../page.ts";
import { z } from "zod";
import { everything, found, listed } from "../../model/permissions.ts";
import { Engagement, EngagementId } from "../../model/engagement.ts";
import { Digest, Name } from "../../model/primitives.ts";

/** Calls about engagements: penetration tests, red teams, bug bounties. */

export const EngagementView = z.object({
  id: EngagementId,
  engagement: Engagement,
  /** `valid` until the end of its last day, in UTC. */
  state: z.enum(["valid", "expired", "withdrawn"]),
  withdrawn: z.string().nullable(),
  /** Of the signed envelope. */
  digest: Digest,
  signedBy: z.object({ person: z.string(), name: z.string().nullable() }),
  /** Findings that were imported under its id. */
  findings: z.object({ all: z.int().nonnegative(), open: z.int().nonnegative() }),
  at: z.iso.datetime(),
  by: z.string(),
});
export type EngagementView = z.infer<typeof EngagementView>;

const params = z.object({ id: EngagementId });

export const engagementRoutes = {
  /** `envelope`: base64 of the DSSE envelope that a person with the right to judge findings signed. */
  engagementAdd: {
    method: "POST",
    path: "/api/v1/engagements",
    permission: "engagement.add",
    resource: everything,
    body: z.object({ envelope: z.string().max(512 * 1024) }),
    response: EngagementView,
  },
  engagementList: {
    method: "GET",
    path: "/api/v1/engagements",
    permission: "engagement.read",
    resource: listed("engagement.service", "engagement.environment"),
    query: z.object({
      service: Name.optional(),
      limit: z.coerce.number().int().min(1).max(500).default(50),
      after: After,
    }),
    response: page(EngagementView),
  },
  engagementShow: {
    method: "GET",
    path: "/api/v1/engagements/:id",
    permission: "engagement.read",
    resource: found("engagement", "params.id"),
    params,
    response: EngagementView,
  },
  /** One of its evidence files, by its digest; at most 32 MiB. */
  engagementEvidence: {
    method: "GET",
    path: "/api/v1/engagements/:id/evidence/:digest",
    permission: "engagement.read",
    resource: found("engagement", "params.id"),
    params: params.extend({ digest: Digest }),
    response: z.object({ name: z.string(), digest: Digest, content: z.base64() }),
  },
  engagementWithdraw: {
    method: "POST",
    path: "/api/v1/engagements/:id/withdraw",
    permission: "engagement.withdraw",
    resource: found("engagement", "params.id"),
    params,
    body: z.object({ reason: z.string().min(1).max(1_000) }),
    response: EngagementView,
  },
} as const;
