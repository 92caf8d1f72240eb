import { sql } from "kysely";
import { advance, type Again } from "./advance.ts";
import type { Engine } from "./engine.ts";
import type { Lease } from "./lease.ts";
import { startNext } from "./queue.ts";
import { retireOldColour } from "./retire.ts";

/**
 * One look at a lane that is ours, in the order of what matters: go on with what runs, else retire what is
 * due, else take the next of the queue. Undefined: there is nothing to do until somebody says so.
 */
export async function reconcileLane(
  engine: Engine,
  lease: Lease,
  fresh: boolean,
): Promise<Again | undefined> {
  const { rows } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(engine.db);
  const now = rows[0]?.now ?? new Date(0);
  if (await retireOldColour(engine, lease, now)) return "now";
  const again = await advance(engine, lease, fresh);
  if (again !== undefined) return again;
  return (await startNext(engine, lease)) ? "now" : undefined;
}
