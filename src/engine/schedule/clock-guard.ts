import type { Engine } from "../engine.ts";
import { span } from "../../policy/predecessors.ts";

/** More than any correction of a clock that goes well. Milliseconds. */
const jumpMs = 30_000;
/** How long the clock has to go evenly before a window opens by it again: time for a person to notice. */
const steadyMs = 600_000;

interface Seen {
  /** By the database's clock, and by this process's own, which nobody sets. */
  readonly wall: number;
  readonly own: number;
  readonly jumped: { readonly message: string; readonly until: number } | null;
}

const lastSeen = new WeakMap<object, Seen>();

/**
 * Windows open by the database's clock. Whoever sets it must not open one by that: after a jump, forward or back, no
 * window opens for ten minutes. That a clock runs behind the ledger, or apart from this server's, is found by the
 * ledger (health.ts), and closes every gate.
 *
 * @param now of the database, read just now
 * @returns null while the clock goes evenly
 */
export function clockGuard(
  engine: Pick<Engine, "db">,
  now: Date,
  own: number = performance.now(),
): { readonly message: string; readonly until: string } | null {
  const wall = now.getTime();
  const before = lastSeen.get(engine.db);
  const by = before ? wall - before.wall - (own - before.own) : 0;
  const jumped =
    Math.abs(by) > jumpMs
      ? {
          message: `the database's clock was set ${by > 0 ? "forward" : "back"} by ${span(Math.abs(by))}, or this machine slept: no window opens until it has gone evenly for ${span(steadyMs)}`,
          until: wall + steadyMs,
        }
      : before?.jumped && before.jumped.until > wall
        ? before.jumped
        : null;
  lastSeen.set(engine.db, { wall, own, jumped });
  return jumped && { message: jumped.message, until: new Date(jumped.until).toISOString() };
}
