import type { Calendar } from "../../model/calendar.ts";
import type { Environment, Pipeline } from "../../model/pipeline.ts";
import type { Lane } from "../../model/primitives.ts";
import { type ScheduleSays, scheduleSays } from "../../policy/schedule.ts";
import { registeredEnvironment, registeredPipeline } from "../../store/queries/catalogue.ts";
import type { Engine } from "../engine.ts";
import { clockGuard } from "./clock-guard.ts";

/** Edition of the time zones that this program reckons with. */
export const timeZones = process.versions["tz"] ?? "unknown";

/**
 * What windows and freezes say of a lane now: by the documents as they are registered at this moment, so that a freeze
 * holds for promotions that were planned before it. Undefined where nobody has declared any.
 */
export async function scheduleOf(
  engine: Engine,
  lane: Lane,
  now: Date,
): Promise<ScheduleSays | undefined> {
  const [environment, pipeline] = await Promise.all([
    registeredEnvironment(engine.db, lane.environment),
    registeredPipeline(engine.db, lane.service),
  ]);
  const calendars = calendarsOf(environment?.document, pipeline?.document, lane.environment);
  // Asked at every look, so that a jump is seen where it happens.
  const clock = clockGuard(engine, now);
  if (calendars.length === 0) return undefined;
  const says = scheduleSays(calendars, now.getTime(), timeZones);
  return clock === null ? says : { ...says, clock };
}

/** Both sides have to agree: a service's file only narrows what its environment's owners leave open. */
export function calendarsOf(
  environment: Environment | undefined,
  pipeline: Pipeline | undefined,
  name: string,
): readonly Calendar[] {
  const wish = pipeline?.spec.environments.find((one) => one.name === name);
  return [
    { of: "environment" as const, from: environment?.spec },
    { of: "service" as const, from: wish },
  ].flatMap(({ of, from }) => {
    const { windows = [], freezes = [] } = from ?? {};
    return windows.length + freezes.length === 0 ? [] : [{ of, windows, freezes }];
  });
}
