import { z } from "zod";
import { at, found, inLane, ofService } from "../../model/permissions.ts";
import { Name } from "../../model/primitives.ts";
import { GateExplanation, GateView, RequirementReport } from "../views/gate.ts";

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
  /** What was shown of each requirement and threat when its gate decided, or until now. */
  promotionRequirements: {
    method: "GET",
    path: "/api/v1/promotions/:id/requirements",
    permission: "promotion.read",
    resource: found("promotion", "params.id"),
    params: z.object({ id: z.string().min(1).max(64) }),
    response: RequirementReport,
  },
  /** The same of a release, now, in every environment that asks for something. */
  releaseRequirements: {
    method: "GET",
    path: "/api/v1/services/:service/releases/:release/requirements",
    permission: "release.read",
    resource: ofService,
    params: z.object({ service: Name, release: z.string().min(1).max(128) }),
    response: RequirementReport,
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
