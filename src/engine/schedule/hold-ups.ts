import type { Lane } from "../../model/primitives.ts";
import type { Release } from "../../model/release.ts";
import type { ScheduleSays } from "../../policy/schedule.ts";
import type { StopSays } from "../../policy/stops.ts";
import type { Engine } from "../engine.ts";
import { stopsInTheWay } from "../stops/in-the-way.ts";
import { scheduleOf } from "./gather.ts";

/** What holds releases up that is not about their evidence: the time, and what somebody has stopped. */
export async function holdUpsOf(
  engine: Engine,
  { lane }: { readonly lane: Lane },
  release: Release,
  now: Date,
): Promise<{ readonly schedule?: ScheduleSays; readonly stops?: readonly StopSays[] }> {
  const schedule = await scheduleOf(engine, lane, now);
  const stops = await stopsInTheWay(engine.db, lane, release);
  return {
    ...(schedule === undefined ? {} : { schedule }),
    ...(stops.length === 0 ? {} : { stops }),
  };
}
