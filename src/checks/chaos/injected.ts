import type { FaultObservation } from "../../ports/host-agent-faults.ts";

/** A clock of another process, and a timer's grain. */
const clockShare = 0.95;

/**
 * Why a fault was not really there, in words; null when it was, was to its end, and left nothing behind. An
 * experiment whose fault was not there shows nothing, however well the service did.
 *
 * @param first read back when it was injected
 * @param last just before it was undone
 * @param over after that
 */
export function whyNotInjected(
  operation: string,
  first: FaultObservation,
  last: FaultObservation,
  over: FaultObservation | null,
): string | null {
  const { fault } = first;
  if (!first.injected) return `it was not injected: ${first.evidence}`;
  if (last.operation !== operation || over?.operation !== operation) {
    return "another fault took its place";
  }
  if (fault.kind !== "kill" && !last.active) {
    return `it was undone before its time (${last.ended?.how ?? "nobody knows why"})`;
  }
  if (!last.injected) return `it did not last: ${last.evidence}`;
  if (over.active || over.ended?.clean !== true) return "something of it was left behind";
  if (fault.kind !== "latency" && fault.kind !== "error") return null;
  const counts = over.relay ?? last.relay;
  if (counts === null) return "the relay to the dependency lost count of what it did";
  if (fault.kind === "error") {
    return counts.resets + counts.statuses > 0
      ? null
      : `nothing that the service sent to ${fault.dependency} was failed: ${asked(counts.connections)}`;
  }
  // What a service gave up waiting for was late enough for it.
  if (counts.delayed === 0 && counts.abandoned > 0) return null;
  if (counts.delayed === 0) {
    return `nothing that the service sent to ${fault.dependency} was late: ${asked(counts.connections)}`;
  }
  const least = (fault.addMs - fault.jitterMs) * clockShare;
  return counts.meanMs >= least
    ? null
    : `what was late was so by ${counts.meanMs} ms on average only, not by ${fault.addMs} ms`;
}

function asked(connections: number): string {
  return connections === 0
    ? "the requests of the hypothesis do not lead there"
    : `of ${connections} new connections, none was hit`;
}
