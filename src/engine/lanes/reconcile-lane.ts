import { advance, type Again } from "../promotions/advance.ts";
import type { Engine } from "../engine.ts";
import type { Lease } from "./lease.ts";
import { look } from "./look.ts";
import { startNext } from "./queue.ts";
import { retireOldColour } from "./retire.ts";

/**
 * One look at a lane that is ours, in the order of what matters: retire what is due, else go on with what
 * runs, else take the next of the queue. Undefined: there is nothing to do until somebody says so.
 */
export async function reconcileLane(
  engine: Engine,
  lease: Lease,
  fresh: boolean,
): Promise<Again | undefined> {
  const seen = await look(engine, lease.lane);
  if (!seen) return undefined;
  if (await retireOldColour(engine, lease, seen)) return "now";
  const { promotion, step } = seen;
  if (promotion) return advance(engine, lease, { ...seen, promotion, step }, fresh);
  return (await startNext(engine, lease)) ? "now" : undefined;
}
