import { z } from "zod";
import { found, listed, wholeService } from "../../model/permissions.ts";
import { Name } from "../../model/primitives.ts";
import { StopId, StopReason } from "../../model/stop.ts";

/** Calls about the right time, stopped lines and bans. */

export const StopView = z.object({
  id: StopId,
  /** `line`: nothing goes forward there. `ban`: this content goes nowhere. */
  kind: z.enum(["line", "ban"]),
  scope: z.string(),
  service: z.string().nullable(),
  environment: z.string().nullable(),
  release: z.object({ id: z.string(), version: z.string() }).nullable(),
  /** Of a ban: names of the artifacts any of which is enough (`parts` any), or which have to be there together. */
  artifacts: z.array(z.string()),
  parts: z.enum(["all", "any"]).nullable(),
  /** Artifacts that are not banned by themselves: a release that counts as good has them too. */
  leftOut: z.array(z.string()),
  /** Of a ban: the source revision that is banned as well. */
  revision: z.string().nullable(),
  reason: z.string(),
  by: z.string(),
  at: z.iso.datetime(),
  cleared: z.object({ at: z.iso.datetime(), by: z.string(), reason: z.string() }).nullable(),
});
export type StopView = z.infer<typeof StopView>;

export const WindowView = z.object({
  environment: z.string(),
  /** Null: what the environment's owners say, of every service. */
  service: z.string().nullable(),
  open: z.boolean(),
  /** When that changes; null: not within the time that is looked ahead, or when a person says so. */
  until: z.iso.datetime().nullable(),
  /** What keeps it closed: windows, freezes, stopped lines, a clock that was set. */
  because: z.array(z.string()),
  windows: z.array(z.string()),
  freezes: z.array(z.string()),
});
export type WindowView = z.infer<typeof WindowView>;

export const stopRoutes = {
  /** `scope`: `shop/production`, `shop/*`, a star before `/production`, or a name that is only a service's or an environment's. */
  lineStop: {
    method: "POST",
    path: "/api/v1/lines/stop",
    permission: "line.stop",
    resource: found("line", "body.scope"),
    body: z.object({ scope: z.string().min(1).max(130), reason: StopReason }),
    response: StopView,
  },
  stopClear: {
    method: "POST",
    path: "/api/v1/stops/:id/clear",
    permission: "line.clear",
    resource: found("stop", "params.id"),
    params: z.object({ id: StopId }),
    body: z.object({ reason: StopReason }),
    response: StopView,
  },
  stopList: {
    method: "GET",
    path: "/api/v1/stops",
    permission: "line.read",
    resource: listed(),
    query: z.object({ cleared: z.enum(["true", "false"]).default("false") }),
    response: z.object({ items: z.array(StopView) }),
  },
  releaseBan: {
    method: "POST",
    path: "/api/v1/services/:service/releases/:release/ban",
    permission: "release.ban",
    resource: wholeService,
    params: z.object({ service: Name, release: z.string().max(128) }),
    body: z.object({
      reason: StopReason,
      /** Exactly these, whoever has them, and no revision. Default: what is the release's own. */
      artifacts: z.array(z.string().min(1).max(200)).max(500).optional(),
    }),
    response: StopView,
  },
  windowList: {
    method: "GET",
    path: "/api/v1/windows",
    permission: "service.read",
    resource: listed(),
    query: z.object({ environment: Name.optional(), service: Name.optional() }),
    response: z.object({ items: z.array(WindowView) }),
  },
} as const;
