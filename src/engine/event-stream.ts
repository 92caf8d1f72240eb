import { once } from "node:events";
import type { EventView } from "../api/views.ts";
import { eventsAfter, sequenceEvents } from "../store/queries/events.ts";
import type { Engine } from "./engine.ts";

/** How long a server may not notice an event that another server wrote. Milliseconds. */
const pollMs = 500;

/** Events after `after`; answers late when there are none yet. Local ones arrive at once, others by polling. */
export async function readEvents(
  engine: Engine,
  request: Parameters<typeof eventsAfter>[1] & { waitMs: number },
): Promise<readonly EventView[]> {
  const deadline = performance.now() + request.waitMs;
  for (;;) {
    await sequenceEvents(engine.db);
    const found = await eventsAfter(engine.db, request);
    const rest = deadline - performance.now();
    if (found.length > 0 || rest <= 0) return found;
    const quiet = AbortSignal.timeout(Math.ceil(Math.min(rest, pollMs)));
    await once(engine.signals, "change", { signal: quiet }).catch(() => undefined);
  }
}
