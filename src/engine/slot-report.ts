import type { Instance, SlotObservation } from "../ports/host-agent.ts";

/** More lines than this are for `tidelock logs`. */
const tailLines = 8;

/**
 * Why a colour is not ready, for a person: what the agent says, and of the worst instance its last exit
 * and the end of its log.
 */
export function describeSlot(seen: SlotObservation): string {
  const worst = [...seen.instances].sort((a, b) => badness(b) - badness(a))[0];
  const parts = [seen.message || seen.state];
  if (worst && worst.state !== "ready") {
    const restarts = worst.restarts > 0 ? `, started ${worst.restarts + 1} times` : "";
    const exit = worst.lastExit ? `, last exit: ${worst.lastExit}` : "";
    parts.push(`${worst.process}/${worst.index} is ${worst.state}${restarts}${exit}`);
    const tail = worst.logTail.slice(-tailLines);
    if (tail.length > 0) parts.push(`its log ends:\n${tail.map((line) => `  ${line}`).join("\n")}`);
  }
  return parts.join("; ");
}

const order: readonly Instance["state"][] = [
  "ready",
  "stopping",
  "starting",
  "unready",
  "backoff",
  "exited",
];

function badness(instance: Instance): number {
  return order.indexOf(instance.state) * 1_000 + Math.min(instance.restarts, 999);
}
