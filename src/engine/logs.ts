import type { ControlPlane } from "../ports/control-plane.ts";
import type { Engine } from "./engine.ts";

/** Lines of a colour's instances, from the agent that owns them. */
export async function readLogs(
  engine: Engine,
  request: Parameters<ControlPlane["readLogs"]>[0],
): ReturnType<ControlPlane["readLogs"]> {
  return engine.agent.call("logs.read", {
    slot: { ...request.lane, colour: request.colour },
    process: request.process,
    cursor: request.cursor,
    tailLines: request.tail,
    waitMs: Math.min(request.waitMs, 20_000),
  });
}
