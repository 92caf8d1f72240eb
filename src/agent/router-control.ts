import { z } from "zod";
import { LaneTraffic } from "../model/traffic.ts";
import { RouteObservation, RouteSpec } from "../ports/host-agent.ts";

/**
 * Between the host agent and a router process (one an environment). The agent writes the whole wanted
 * state to `<agent>/router-<environment>.json` (0600, atomically) and then tells the router to load it,
 * so that a restarted router serves before anybody talks to it. Control is newline-delimited JSON over
 * `<agent>/router-<environment>.sock` (or where `socketPath` puts it, when that is too long):
 * `{"id", "method": "load" | "read" | "traffic" | "stop"}` and `{"id", "result" | "error"}`. A `load` may carry the whole
 * `"state"` as well: it has to when the router has given up root (`runAs`) and may not read the file any more.
 */
export const RouterColour = z.object({
  releaseName: z.string().nullable(),
  backends: z.array(z.object({ host: z.string(), port: z.int() })),
});

export const RouterLane = z.object({
  route: RouteSpec,
  colours: z.object({ blue: RouterColour, green: RouterColour }),
});
export type RouterLane = z.infer<typeof RouterLane>;

export const RouterState = z.object({
  formatVersion: z.literal(1),
  environment: z.string(),
  /** Grows with every write; `load` answers only when this generation is in effect. */
  generation: z.int().nonnegative(),
  lanes: z.array(RouterLane),
  /** SPKI PEM; tester credentials are signed with its private half, which only the agent holds. */
  testerPublicKey: z.string(),
  accessLog: z.string(),
  /** After loading code and binding ports the router gives up root for these; null: keep who we are. */
  runAs: z.object({ uid: z.int(), gid: z.int() }).nullable(),
});
export type RouterState = z.infer<typeof RouterState>;

/** `load` and `read` both answer this. */
export const RouterAnswer = z.object({
  generation: z.int(),
  pid: z.int(),
  lanes: z.array(RouteObservation),
});
export type RouterAnswer = z.infer<typeof RouterAnswer>;

/** `traffic` answers this. */
export const RouterTraffic = z.object({ lanes: z.array(LaneTraffic) });
export type RouterTraffic = z.infer<typeof RouterTraffic>;
