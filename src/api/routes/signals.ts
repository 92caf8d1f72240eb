import { z } from "zod";
import { inLane } from "../../model/permissions.ts";
import { FalcoAlert } from "../falco-alert.ts";
import { Digest, Name, Version } from "../../model/primitives.ts";
import { SignalInput } from "../../model/signal.ts";

/** Calls of runtime controls: what they saw of a release while it ran. */

const laneParams = z.object({ service: Name, environment: Name });

export const SignalView = SignalInput.extend({
  service: Name,
  environment: Name,
  release: z.object({ id: Digest, version: Version.nullable() }),
  at: z.iso.datetime(),
  by: z.string(),
});
export type SignalView = z.infer<typeof SignalView>;

export const signalRoutes = {
  /** `release`: version or digest; what is live when it is left out. The same signal again changes nothing. */
  signalAdd: {
    method: "POST",
    path: "/api/v1/services/:service/environments/:environment/signals",
    permission: "signal.add",
    resource: inLane,
    params: laneParams,
    body: z.object({ signal: SignalInput, release: z.string().min(1).max(200).optional() }),
    response: SignalView,
  },
  /** What Falco's `http_output` posts: one alert, about what is live. */
  signalFalco: {
    method: "POST",
    path: "/api/v1/services/:service/environments/:environment/signals/falco",
    permission: "signal.add",
    resource: inLane,
    params: laneParams,
    body: FalcoAlert,
    response: SignalView,
  },
  signalList: {
    method: "GET",
    path: "/api/v1/services/:service/environments/:environment/signals",
    permission: "signal.read",
    resource: inLane,
    params: laneParams,
    query: z.object({
      release: z.string().min(1).max(200).optional(),
      limit: z.coerce.number().int().min(1).max(500).default(50),
    }),
    response: z.object({ items: z.array(SignalView) }),
  },
} as const;
