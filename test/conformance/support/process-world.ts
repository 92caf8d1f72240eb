import { environmentOf, processTable } from "../../../src/agent/os/process-table.ts";
import { type Slot, laneKey } from "../../../src/model/primitives.ts";
import type { AgentInfo, HostAgent } from "../../../src/ports/host-agent.ts";

/** Whether any process of this agent runs for a slot, by what the kernel says it was started with. */
export function runsWithMark(info: AgentInfo, slot: Slot): boolean {
  return processTable().some(({ pid }) => {
    const environment = environmentOf(pid);
    return (
      environment?.get("TIDELOCK_AGENT") === info.agentId &&
      environment.get("TIDELOCK_SERVICE") === slot.service &&
      environment.get("TIDELOCK_COLOUR") === slot.colour
    );
  });
}

/** How many processes of a lane ever became ready. */
export async function startsOf(agent: HostAgent, slot: Slot): Promise<number> {
  const { entries } = await agent.call("journal.read", { after: 0, limit: 1_000 });
  return entries.filter(({ kind, lane }) => kind === "instance-ready" && lane === laneKey(slot))
    .length;
}
