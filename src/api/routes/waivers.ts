import { After, page } from "../page.ts";
import { z } from "zod";
import { at, found, listed } from "../../model/permissions.ts";
import { FindingId } from "../../model/finding.ts";
import { Name } from "../../model/primitives.ts";
import { SignerView } from "../../model/signer-view.ts";
import { Waived, WaiverId, WaiverWish } from "../../model/waiver.ts";

/** Calls about accepted risks. */

export const WaiverView = z.object({
  id: WaiverId,
  /** What is signed, as it is signed. */
  waived: Waived,
  state: z.enum(["proposed", "in-force", "withdrawn", "ended"]),
  /** It counts now, for what it is about. */
  holds: z.boolean(),
  /** Why it does not, in a sentence; null where it does, or waits for signatures. */
  why: z.string().nullable(),
  /** When it ends: earlier than signed where the environment's owners came to allow less. */
  until: z.iso.datetime(),
  /** The second signature. */
  since: z.iso.datetime().nullable(),
  endedAt: z.iso.datetime().nullable(),
  at: z.iso.datetime(),
  by: z.string(),
  signatures: z.array(
    z.object({
      person: z.string(),
      name: z.string().nullable(),
      at: z.iso.datetime(),
      /** Of the second one: what is known of whether somebody judged own work. */
      separation: z.string().nullable(),
    }),
  ),
});
export type WaiverView = z.infer<typeof WaiverView>;

const params = z.object({ id: WaiverId });

export const waiverRoutes = {
  waiverPropose: {
    method: "POST",
    path: "/api/v1/waivers",
    permission: "waiver.propose",
    resource: at("body.service", "body.environment"),
    body: WaiverWish,
    response: WaiverView,
  },
  waiverList: {
    method: "GET",
    path: "/api/v1/waivers",
    permission: "waiver.read",
    resource: listed("waived.service", "waived.environment"),
    query: z.object({
      service: Name.optional(),
      environment: Name.optional(),
      finding: FindingId.optional(),
      state: z.enum(["proposed", "in-force", "withdrawn", "ended", "open", "any"]).default("open"),
      limit: z.coerce.number().int().min(1).max(500).default(50),
      after: After,
    }),
    response: page(WaiverView),
  },
  waiverShow: {
    method: "GET",
    path: "/api/v1/waivers/:id",
    permission: "waiver.read",
    resource: found("waiver", "params.id"),
    params,
    response: WaiverView,
  },
  waiverMine: {
    method: "GET",
    path: "/api/v1/waivers/:id/mine",
    permission: "waiver.read",
    resource: found("waiver", "params.id"),
    params,
    response: SignerView,
  },
  waiverSign: {
    method: "POST",
    path: "/api/v1/waivers/:id/signatures",
    permission: "waiver.sign",
    resource: found("waiver", "params.id"),
    params,
    /** DSSE envelope in base64. */
    body: z.strictObject({ envelope: z.string().max(256 * 1024) }),
    response: WaiverView,
  },
  waiverWithdraw: {
    method: "POST",
    path: "/api/v1/waivers/:id/withdraw",
    permission: "waiver.withdraw",
    resource: found("waiver", "params.id"),
    params,
    body: z.strictObject({ reason: z.string().min(1).max(1_000) }),
    response: WaiverView,
  },
} as const;
