import type { HostAgent, SlotSpec } from "../../ports/host-agent.ts";
import type { Target } from "../../ports/target.ts";
import { ensureArtifacts } from "../artifacts.ts";

/**
 * Processes of this machine, kept by the host agent. The agent refuses an older fence at the moment of the
 * effect, so a worker that was stopped between its last look and its effect does nothing.
 */
export function processTarget(agent: HostAgent): Target {
  return {
    id: "process",
    fencing: "fenced",
    async deploy(context, spec, artifactPaths) {
      await ensureArtifacts(agent, spec, artifactPaths);
      await agent.call("slot.deploy", { ...context, spec });
    },
    async destroy(context, slot) {
      await agent.call("slot.destroy", { ...context, slot });
    },
    observe: (slot) => agent.call("slot.observe", { slot }),
    prove: (slot) => agent.call("slot.prove", { slot }),
    dryRun: (spec) => describeDeploy(agent, spec),
  };
}

async function describeDeploy(agent: HostAgent, spec: SlotSpec): Promise<readonly string[]> {
  const seen = await agent.call("slot.observe", { slot: spec.slot });
  const stops = seen.instances.map(
    (one) => `stop ${one.process}-${one.index} of ${seen.deployed?.releaseName ?? "nothing"}`,
  );
  const starts = Object.entries(spec.processes).map(
    ([name, { replicas, command }]) =>
      `start ${replicas} x ${name} of ${spec.releaseName}: ${command.join(" ")}`,
  );
  return [...stops, ...starts];
}
