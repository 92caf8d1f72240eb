import type { Calendar } from "../model/calendar.ts";
import { breakable, windowAside } from "./break-glass.ts";
import { type Ground, ground } from "./decide.ts";
import { scheduleAt } from "./windows.ts";

/**
 * What windows and freezes said at a moment. The answer is an input beside the question: time zones change, and whoever
 * decides again years later need not know what was believed of them then.
 */
export interface ScheduleSays {
  readonly open: boolean;
  /** RFC 3339: when that changes; null: not within the time that is looked ahead. */
  readonly until: string | null;
  /** What keeps it closed, a sentence for each. */
  readonly because: readonly string[];
  /** The database's clock was set: no window opens by it until it has gone evenly for a while. */
  readonly clock?: { readonly message: string; readonly until: string } | undefined;
  readonly calendars: readonly Calendar[];
  /** Edition of the time zones that answered, e.g. `2026a`. */
  readonly timeZones: string;
}

/** @param now milliseconds, by the database's clock */
export function scheduleSays(
  calendars: readonly Calendar[],
  now: number,
  timeZones: string,
): ScheduleSays {
  const { open, until, blockers } = scheduleAt(calendars, now);
  return {
    open,
    until: until === null ? null : rfc3339(until),
    because: blockers.map((one) =>
      one.kind === "freeze"
        ? `the freeze ${one.freeze.name} of ${one.freeze.owner} holds${one.until === null ? "" : ` until ${rfc3339(one.until)}`} (${one.freeze.reason})`
        : `outside ${describeWindows(one.windows)} of the ${one.of}`,
    ),
    calendars,
    timeZones,
  };
}

/** `the window office (mon, tue 09:00-17:00 Europe/Berlin, platform: people are here)`. */
export function describeWindows(windows: Calendar["windows"]): string {
  const texts = windows.map(({ name, days, from, to, timezone, owner, reason }) => {
    const why = reason === undefined ? "" : `: ${reason}`;
    return `${name} (${days.join(", ")} ${from}-${to} ${timezone}, ${owner}${why})`;
  });
  return `the ${texts.length === 1 ? "window" : "windows"} ${texts.join(", ")}`;
}

/** Who is not held up by a closed window. */
export interface Passing {
  /** A return is never held up (law 9); what would have been said to others stands in its reasons. */
  readonly returning: boolean;
  /** The release before was stopped already: to wait now would leave users without any. */
  readonly underWay: boolean;
}

export function scheduleGrounds(
  says: ScheduleSays | undefined,
  { returning, underWay }: Passing,
): Ground[] {
  if (says === undefined) return [];
  const { open, until, because, clock } = says;
  if (open && clock === undefined) {
    const end = until === null ? "" : ` until ${until}`;
    return [ground("allow", "window", `releases may go to users here now${end}`)];
  }
  const waits = open ? clock?.until : laterOf(until, clock?.until);
  const why = [...because, ...(clock === undefined ? [] : [clock.message])].join("; ");
  if (returning) {
    return [ground("allow", "window", `${why}; a return of traffic is not held up by it`)];
  }
  if (underWay) {
    const message = `${why}; the release before it has been stopped already, so it goes on`;
    return [ground("allow", "window", message)];
  }
  const opens = waits ? `it may go from ${waits}` : "no opening is known: ask the owners";
  const wait = ground("wait", "window", `${why}; ${opens}`, waits ?? undefined);
  // Of what time it is nobody can decide otherwise.
  return [clock === undefined ? breakable(wait, { of: windowAside }) : wait];
}

/** Null where the schedule itself knows no end. */
function laterOf(until: string | null, clock: string | undefined): string | null {
  if (until === null || clock === undefined) return until;
  return Date.parse(clock) > Date.parse(until) ? clock : until;
}

function rfc3339(at: number): string {
  return new Date(at).toISOString();
}
