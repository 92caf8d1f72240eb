import { z } from "zod";
import { Name } from "./primitives.ts";

/**
 * When releases may go to users. A window says when they may, a freeze says when they may not; without any window every
 * time is allowed that no freeze forbids. What a wall clock shows decides: docs/windows.md.
 */

export const weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

/** `09:00`; the end of a day is `24:00`. */
const WallClock = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, "write hours and minutes: 09:00, 17:30, 24:00");

/** Whether this machine knows the zone. A bare offset is none: it has no summer. */
export function isTimeZone(zone: string): boolean {
  if (!/^[A-Za-z]/.test(zone)) return false;
  try {
    return Boolean(new Intl.DateTimeFormat("en-US", { timeZone: zone }));
  } catch {
    return false;
  }
}

const TimeZone = z
  .string()
  .max(64)
  .refine(isTimeZone, "no time zone of this name is known; write one such as Europe/Berlin or UTC");

/** For people who are told to wait: why, and whom to ask. */
const forPeople = {
  reason: z.string().min(1).max(400),
  owner: z.string().min(1).max(128),
};

/** Every week on these days. One whose end is not after its beginning goes over midnight, into the next day. */
export const Window = z
  .strictObject({
    name: Name,
    days: z.array(z.enum(weekdays)).min(1).max(7),
    from: WallClock,
    to: WallClock,
    timezone: TimeZone,
    reason: forPeople.reason.optional(),
    owner: forPeople.owner,
  })
  .superRefine(({ from, to }, context) => {
    if (from === to || from === "24:00") {
      const message = "this window has no length; a whole day is from 00:00 to 24:00";
      context.addIssue({ code: "custom", path: ["to"], message });
    }
  });
export type Window = z.infer<typeof Window>;

/** How a freeze names a moment: exactly, by a wall clock, or by a wall clock of every year. */
export type Moment =
  | { readonly kind: "instant"; readonly at: number }
  /** `local`: milliseconds as if the wall clock were UTC. */
  | { readonly kind: "local"; readonly local: number }
  | { readonly kind: "yearly"; readonly month: number; readonly day: number; readonly ms: number };

const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)$/;
const local = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)$/;
const yearly = /^(\d\d)-(\d\d)T(\d\d):(\d\d)$/;

/** Null for what is no moment. */
export function readMoment(text: string): Moment | null {
  if (instant.test(text)) {
    const at = Date.parse(text);
    // `Date.parse` takes the 30th of February for the 2nd of March.
    return Number.isNaN(at) || !isDay(text.slice(0, 10)) ? null : { kind: "instant", at };
  }
  const [, year, ...rest] = local.exec(text) ?? [];
  if (year !== undefined) {
    const ms = isDay(text.slice(0, 10)) ? clockMs(rest[2], rest[3]) : null;
    return ms === null ? null : { kind: "local", local: Date.parse(text.slice(0, 10)) + ms };
  }
  const [, month, day, hours, minutes] = yearly.exec(text) ?? [];
  // A leap year, so that the 29th of February can be named; in other years it is the 1st of March.
  const ms = isDay(`2024-${month}-${day}`) ? clockMs(hours, minutes) : null;
  return ms === null ? null : { kind: "yearly", month: Number(month), day: Number(day), ms };
}

function isDay(text: string): boolean {
  const at = Date.parse(`${text}T00:00:00Z`);
  const year = Number(text.slice(0, 4));
  if (Number.isNaN(at) || year < 2000 || year > 2199) return false;
  return new Date(at).toISOString().slice(0, 10) === text;
}

function clockMs(hours: string | undefined, minutes: string | undefined): number | null {
  const [h, m] = [Number(hours), Number(minutes)];
  return h <= 23 && m <= 59 ? (h * 60 + m) * 60_000 : null;
}

const momentHint =
  "write 2026-12-20T18:00 with a timezone, 12-20T18:00 with a timezone for every year, or 2026-12-20T17:00:00Z";

const MomentText = z
  .string()
  .max(32)
  .refine((text) => readMoment(text) !== null, momentHint);

/** Nothing goes to users from `from` on, up to `to`. */
export const Freeze = z
  .strictObject({
    name: Name,
    from: MomentText,
    to: MomentText,
    /** Of the wall clock that `from` and `to` are read from. */
    timezone: TimeZone.optional(),
    ...forPeople,
  })
  .superRefine(({ from, to, timezone }, context) => {
    const [begin, end] = [readMoment(from), readMoment(to)];
    if (begin === null || end === null) return;
    const refuse = (path: string, message: string): void =>
      context.addIssue({ code: "custom", path: [path], message });
    if (begin.kind !== end.kind) return refuse("to", "write `to` in the form of `from`");
    if (begin.kind === "instant" && timezone !== undefined) {
      return refuse("timezone", "`from` and `to` name their offset themselves; leave it out");
    }
    if (begin.kind !== "instant" && timezone === undefined) {
      return refuse("from", "a wall clock needs a `timezone`, for example Europe/Berlin");
    }
    const backwards =
      begin.kind === "yearly" || end.kind === "yearly" ? from === to : order(begin) >= order(end);
    if (backwards) refuse("to", "this freeze ends before it has begun");
  });
export type Freeze = z.infer<typeof Freeze>;

function order(moment: Exclude<Moment, { kind: "yearly" }>): number {
  return moment.kind === "instant" ? moment.at : moment.local;
}

const most = 32;

/** In a document of an environment's owners, or of a service. */
export const calendarKeys = {
  /** Releases go to users in one of these only. */
  windows: z.array(Window).max(most).optional(),
  /** And in none of these. */
  freezes: z.array(Freeze).max(most).optional(),
};

/** Everything that one side says of when. Several calendars have to agree. */
export interface Calendar {
  readonly of: "environment" | "service";
  readonly windows: readonly Window[];
  readonly freezes: readonly Freeze[];
}
