import type { HostAgent } from "../../ports/host-agent.ts";
import type { Router } from "../../ports/router.ts";

/**
 * The router that comes with Tidelock: a process of its own for each environment, kept by the host agent,
 * which fences every change and reads it back from the router before it answers.
 */
export function embeddedRouter(agent: HostAgent): Router {
  return {
    id: "embedded",
    fencing: "fenced",
    set: (context, route) => agent.call("route.set", { ...context, route }),
    read: (lane) => agent.call("route.read", { lane }),
    traffic: (lane) => agent.call("route.traffic", { lane }),
    async remove(context, lane) {
      await agent.call("route.remove", { ...context, lane });
    },
    tester: (lane, ttlMs) => agent.call("route.tester", { lane, ttlMs }),
  };
}
