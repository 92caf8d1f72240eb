import {
  type Calendar,
  type Freeze,
  readMoment,
  weekdays,
  type Window,
} from "../model/calendar.ts";
import { evenTimes, firstShown, lastShown, offsetAt } from "./zone-time.ts";

/*
 * When a release may go to users. Pure: the moment comes in, and time zones are what this machine's ICU knows.
 * A window is open whenever the wall clock of its zone reads so: in an hour that comes twice it is open twice, and in
 * one that is left out not at all. A freeze is never shorter than the wall clock says: from the first time that it
 * shows the beginning to the last time that it shows less than the end.
 */

/** Something that keeps releases back now. */
export type Blocker =
  | { readonly kind: "freeze"; readonly of: Calendar["of"]; readonly freeze: Freeze }
  /** None of these is open. */
  | { readonly kind: "windows"; readonly of: Calendar["of"]; readonly windows: readonly Window[] };

export interface Schedule {
  readonly open: boolean;
  /** When that changes; null: not within the time that is looked ahead. */
  readonly until: number | null;
  /** What keeps it closed, each with its own end where it has one. */
  readonly blockers: readonly (Blocker & { readonly until: number | null })[];
}

/** Days. Weekly windows repeat, and no freeze that returns is longer than a year. */
const ahead = 800 * 86_400_000;
/** Freezes of many years, one after the other, end nevertheless. */
const mostSteps = 2_000;

/** Whether it is open at a moment, and when that changes: exactly, to the millisecond. */
export function scheduleAt(calendars: readonly Calendar[], now: number): Schedule {
  const blockers = calendars.flatMap((calendar) => blockersAt(calendar, now));
  if (blockers.length === 0) {
    return { open: true, until: closingAfter(calendars, now), blockers: [] };
  }
  return {
    open: false,
    until: openingAfter(calendars, now),
    blockers: blockers.map((one) => ({ ...one, until: endOf(one, now) })),
  };
}

function blockersAt({ of, windows, freezes }: Calendar, at: number): Blocker[] {
  const frozen = freezes.filter((freeze) => frozenUntil(freeze, at) !== null);
  const shut = windows.length > 0 && !windows.some((window) => isIn(window, at));
  return [
    ...frozen.map((freeze): Blocker => ({ kind: "freeze", of, freeze })),
    ...(shut ? [{ kind: "windows", of, windows } as const] : []),
  ];
}

/** From blocker to blocker: each step is over one that holds at that moment. */
function openingAfter(calendars: readonly Calendar[], now: number): number | null {
  let at = now;
  for (let step = 0; step < mostSteps && at - now < ahead * 10; step += 1) {
    const ends = calendars.flatMap((one) => blockersAt(one, at)).map((one) => endOf(one, at));
    if (ends.length === 0) return at;
    let next = at;
    for (const end of ends) {
      if (end === null) return null;
      next = Math.max(next, end);
    }
    at = next;
  }
  return null;
}

function endOf(blocker: Blocker, at: number): number | null {
  if (blocker.kind === "freeze") return frozenUntil(blocker.freeze, at);
  return least(blocker.windows.map((window) => openingOf(window, at)));
}

function closingAfter(calendars: readonly Calendar[], now: number): number | null {
  const ends = calendars.flatMap(({ windows, freezes }) => [
    ...freezes.map((freeze) => nextFreeze(freeze, now)),
    ...(windows.length > 0 ? [coveredUntil(windows, now)] : []),
  ]);
  return least(ends);
}

function least(times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.min(...known);
}

/** How long the open windows of one side follow on each other without a gap. */
function coveredUntil(windows: readonly Window[], now: number): number | null {
  let at = now;
  while (at - now < ahead) {
    const ends = windows.filter((window) => isIn(window, at)).map((one) => closingOf(one, at));
    if (ends.length === 0) return at;
    at = Math.max(...ends);
  }
  return null;
}

const minuteMs = 60_000;
const dayMs = 86_400_000;
const weekMs = 7 * dayMs;
/** The 5th of January 1970 was the first Monday. */
const monday = 4 * dayMs;

/** What a window is within every week of its wall clock: beginnings since Monday, and one length. */
function weekly({ days, from, to }: Window) {
  const begin = clock(from);
  const length = (clock(to) - begin + dayMs) % dayMs || dayMs;
  return { starts: days.map((day) => weekdays.indexOf(day) * dayMs + begin), length };
}

function clock(text: string): number {
  return (Number(text.slice(0, 2)) * 60 + Number(text.slice(3))) * minuteMs;
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}

/** How much of the window is left where the wall clock shows `local`; 0: it is not open. */
function leftAt({ starts, length }: ReturnType<typeof weekly>, local: number): number {
  const left = starts.map((start) => length - modulo(local - monday - start, weekMs));
  return Math.max(0, ...left);
}

function isIn(window: Window, at: number): boolean {
  return leftAt(weekly(window), at + offsetAt(window.timezone, at)) > 0;
}

/** When it opens next; the moment itself while it is open. */
function openingOf(window: Window, at: number): number | null {
  const week = weekly(window);
  // One whose only hour is left out when summer begins opens a week later.
  for (const { from, until, offset } of evenTimes(window.timezone, at, at + 3 * weekMs)) {
    const local = from + offset;
    if (leftAt(week, local) > 0) return from;
    const rest = week.starts.map((start) => modulo(start - (local - monday), weekMs));
    const opening = from + Math.min(...rest);
    if (opening < until) return opening;
  }
  return null;
}

/** When a window that is open closes. */
function closingOf(window: Window, at: number): number {
  const week = weekly(window);
  let end = at;
  for (const { from, until, offset } of evenTimes(window.timezone, at, at + weekMs)) {
    const left = leftAt(week, from + offset);
    end = from + left;
    if (left === 0 || end < until) return end;
  }
  return end;
}

/** The end of the freeze that holds at a moment, or null. */
function frozenUntil(freeze: Freeze, at: number): number | null {
  const held = occurrences(freeze, at).filter(({ from, until }) => from <= at && at < until);
  return held.length === 0 ? null : Math.max(...held.map(({ until }) => until));
}

/** When it begins next. */
function nextFreeze(freeze: Freeze, at: number): number | null {
  return least(
    occurrences(freeze, at)
      .filter(({ from, until }) => from > at && until > from)
      .map(({ from }) => from),
  );
}

interface Span {
  readonly from: number;
  readonly until: number;
}

/** Of a freeze of every year those that are near. */
function occurrences({ from, to, timezone = "UTC" }: Freeze, at: number): readonly Span[] {
  const [begin, end] = [readMoment(from), readMoment(to)];
  if (begin === null || end === null || begin.kind !== end.kind) {
    throw new RangeError(`a freeze from ${from} to ${to} is none`);
  }
  if (begin.kind === "instant" && end.kind === "instant") {
    return [{ from: begin.at, until: end.at }];
  }
  if (begin.kind === "local" && end.kind === "local") {
    return [{ from: firstShown(timezone, begin.local), until: lastShown(timezone, end.local) }];
  }
  if (begin.kind !== "yearly" || end.kind !== "yearly") return [];
  const over = to < from ? 1 : 0;
  const year = new Date(at).getUTCFullYear();
  return [year - 2, year - 1, year, year + 1, year + 2].map((one) => ({
    from: firstShown(timezone, Date.UTC(one, begin.month - 1, begin.day) + begin.ms),
    until: lastShown(timezone, Date.UTC(one + over, end.month - 1, end.day) + end.ms),
  }));
}
