import { z } from "zod";
import { at, found, inLane } from "../model/permissions.ts";
import { Name } from "../model/primitives.ts";
import { GateExplanation, GateView } from "./gate-views.ts";

/** Calls that explain gates. They change nothing. */

export const gateRoutes = {
  /** Why a promotion's gate said what it said, or what it would say now. */
  promotionExplain: {
    method: "GET",
    path: "/api/v1/promotions/:id/explanation",
    permission: "promotion.read",
    resource: found("promotion", "params.id"),
    params: z.object({ id: z.string().min(1).max(64) }),
    response: GateExplanation,
  },
  /** The same of the newest promotion of a lane, or of a release that nobody has promoted there yet. */
  gateExplain: {
    method: "GET",
    path: "/api/v1/services/:service/environments/:environment/gate/explanation",
    permission: "promotion.read",
    resource: inLane,
    params: z.object({ service: Name, environment: Name }),
    query: z.object({
      /** As everywhere: version, id, or the beginning of one. */
      release: z.string().min(1).max(128).optional(),
    }),
    response: GateExplanation,
  },
  /** What an environment's gate asks, in words. */
  gateShow: {
    method: "GET",
    path: "/api/v1/environments/:environment/gate",
    permission: "policy.read",
    resource: at("query.service", "params.environment"),
    params: z.object({ environment: Name }),
    query: z.object({ service: Name.optional() }),
    response: GateView,
  },
} as const;
