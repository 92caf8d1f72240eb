import type { Severity } from "../model/observation.ts";
import { SlaDays } from "../model/service-security.ts";

const day = 86_400_000;

export const defaultSla: SlaDays = SlaDays.parse({});

/** A stretch in which the clock stood still. Times are RFC 3339; `to` null: it still does. */
export interface Pause {
  readonly from: string;
  readonly to: string | null;
}

export interface Clock {
  readonly severity: Severity;
  readonly firstSeen: string;
  /** In any order; those that overlap count once. */
  readonly pauses: readonly Pause[];
  /** When it was over (verified); null while it is somebody's work. */
  readonly endedAt: string | null;
}

export interface ClockState {
  /** RFC 3339; null where no clock runs. While it is paused: as if it went on now. */
  readonly due: string | null;
  readonly overdue: boolean;
  readonly paused: boolean;
  /** Of the time it had, what is left: negative where it is overdue; null where no clock runs. Milliseconds. */
  readonly leftMs: number | null;
}

/**
 * Where the clock of a finding stands. It is always counted anew from the first sight, so another severity moves the end
 * and not the beginning; paused time does not count.
 */
export function clockAt(clock: Clock, sla: SlaDays, now: string): ClockState {
  const days = sla[clock.severity];
  const until = Math.min(timeOf(clock.endedAt ?? now), timeOf(now));
  const paused = clock.endedAt === null && clock.pauses.some(({ to }) => to === null);
  if (days === null) return { due: null, overdue: false, paused, leftMs: null };
  const start = timeOf(clock.firstSeen);
  const due = start + days * day + pausedMs(clock.pauses, start, until);
  return {
    due: new Date(due).toISOString(),
    overdue: until > due,
    paused,
    leftMs: due - until,
  };
}

/** Time within [start, end] that any pause covers. Milliseconds. */
function pausedMs(pauses: readonly Pause[], start: number, end: number): number {
  const spans = pauses
    .map(({ from, to }) => ({
      from: Math.max(timeOf(from), start),
      to: Math.min(to === null ? end : timeOf(to), end),
    }))
    .filter(({ from, to }) => to > from)
    .sort((a, b) => a.from - b.from);
  let sum = 0;
  let reached = start;
  for (const { from, to } of spans) {
    if (to <= reached) continue;
    sum += to - Math.max(from, reached);
    reached = to;
  }
  return sum;
}

function timeOf(text: string): number {
  return Date.parse(text);
}
