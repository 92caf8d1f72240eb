import { TidelockError } from "./model/errors.ts";
import type { RouterDeclaration, TargetDeclaration } from "./model/pipeline.ts";
import type { HostAgent } from "./ports/host-agent.ts";
import type { Router } from "./ports/router.ts";
import type { Target } from "./ports/target.ts";

/** Targets and routers that the host agent does by itself. */
export function targetFor(agent: HostAgent, declaration: TargetDeclaration): Target {
  if (declaration.type !== "process") {
    throw new TidelockError("unsupported", `there is no target ${declaration.type} yet`, {
      fault: "operator",
      hint: "use `target: {type: process}`",
    });
  }
  return {
    id: "process",
    fencing: "fenced",
    async deploy(context, spec, artifactPaths) {
      for (const { digest, size } of spec.artifacts) {
        const path = artifactPaths.get(digest);
        if (path === undefined) {
          throw new TidelockError("internal", `no path for ${digest}`, { fault: "bug" });
        }
        await agent.call("artifact.ensure", { digest, size, path });
      }
      await agent.call("slot.deploy", { ...context, spec });
    },
    async destroy(context, slot) {
      await agent.call("slot.destroy", { ...context, slot });
    },
    observe: (slot) => agent.call("slot.observe", { slot }),
    prove: (slot) => agent.call("slot.prove", { slot }),
    dryRun: async (spec) =>
      Object.entries(spec.processes).map(
        ([name, process]) => `${name}: ${process.replicas} x ${process.command.join(" ")}`,
      ),
  };
}

export function routerFor(agent: HostAgent, declaration: RouterDeclaration): Router {
  if (declaration.type !== "embedded") {
    throw new TidelockError("unsupported", "nothing routes in this environment", { fault: "bug" });
  }
  return {
    id: "embedded",
    fencing: "fenced",
    set: (context, route) => agent.call("route.set", { ...context, route }),
    read: (lane) => agent.call("route.read", { lane }),
    async remove(context, lane) {
      await agent.call("route.remove", { ...context, lane });
    },
    tester: (lane, ttlMs) => agent.call("route.tester", { lane, ttlMs }),
  };
}
