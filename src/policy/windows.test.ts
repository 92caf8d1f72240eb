import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Calendar, Freeze, weekdays, Window } from "../model/calendar.ts";
import { scheduleAt } from "./windows.ts";

const minute = 60_000;

function window(given: Partial<Window>): Window {
  return Window.parse({
    name: "office",
    days: ["mon", "tue", "wed", "thu", "fri"],
    from: "09:00",
    to: "17:00",
    timezone: "Europe/Berlin",
    owner: "platform",
    ...given,
  });
}

function freeze(from: string, to: string, timezone?: string): Freeze {
  const zone = timezone === undefined ? {} : { timezone };
  return Freeze.parse({ name: "rest", from, to, ...zone, reason: "holidays", owner: "platform" });
}

function asked(of: { windows?: readonly Window[]; freezes?: readonly Freeze[] }, now: string) {
  const calendar: Calendar = { of: "environment", windows: [], freezes: [], ...of };
  const { open, until } = scheduleAt([calendar], Date.parse(now));
  return [open, until === null ? null : new Date(until).toISOString()];
}

describe("a window", () => {
  it("is open from its first moment up to its last, and names the next opening exactly", () => {
    const windows = [window({})];
    expect(asked({ windows }, "2026-11-23T07:59:59.999Z")).toEqual([
      false,
      "2026-11-23T08:00:00.000Z",
    ]);
    expect(asked({ windows }, "2026-11-23T08:00:00Z")).toEqual([true, "2026-11-23T16:00:00.000Z"]);
    expect(asked({ windows }, "2026-11-27T16:00:00Z")).toEqual([false, "2026-11-30T08:00:00.000Z"]);
  });

  it("goes over midnight into the next day, from Sunday into Monday too", () => {
    const windows = [window({ days: ["sun"], from: "22:00", to: "02:00", timezone: "UTC" })];
    expect(asked({ windows }, "2026-11-22T21:00:00Z")).toEqual([false, "2026-11-22T22:00:00.000Z"]);
    expect(asked({ windows }, "2026-11-23T01:59:00Z")).toEqual([true, "2026-11-23T02:00:00.000Z"]);
  });

  it("does not open in an hour that is left out, and opens twice in one that comes twice", () => {
    const windows = [window({ days: ["sun"], from: "02:15", to: "02:45" })];
    // 29 March 2026: 02:00 becomes 03:00; the next Sunday has a 02:15 again.
    expect(asked({ windows }, "2026-03-28T12:00:00Z")).toEqual([false, "2026-04-05T00:15:00.000Z"]);
    // 25 October 2026: 03:00 becomes 02:00.
    expect(asked({ windows }, "2026-10-25T00:20:00Z")).toEqual([true, "2026-10-25T00:45:00.000Z"]);
    expect(asked({ windows }, "2026-10-25T00:50:00Z")).toEqual([false, "2026-10-25T01:15:00.000Z"]);
  });

  it("that is always open never closes", () => {
    const windows = [window({ days: [...weekdays], from: "00:00", to: "24:00" })];
    expect(asked({ windows }, "2026-11-23T07:00:00Z")).toEqual([true, null]);
  });

  it("of the service and one of the environment have to be open both; where they never are, no opening is named", () => {
    const of = (days: Window["days"], side: Calendar["of"]): Calendar => ({
      of: side,
      windows: [window({ days, timezone: "UTC" })],
      freezes: [],
    });
    const now = Date.parse("2026-11-22T01:00:00Z");
    const both = [of(["mon", "tue"], "environment"), of(["tue", "wed"], "service")];
    expect(scheduleAt(both, now)).toMatchObject({ until: Date.parse("2026-11-24T09:00:00Z") });
    const never = [of(["mon"], "environment"), of(["tue"], "service")];
    expect(scheduleAt(never, now)).toMatchObject({ open: false, until: null });
  });

  it("is refused without a length, in an unknown zone, with a key that nobody knows", () => {
    expect(() => window({ from: "09:00", to: "09:00" })).toThrow("no length");
    expect(() => window({ from: "24:00" })).toThrow("no length");
    expect(() => window({ timezone: "Europe/Atlantis" })).toThrow("no time zone");
    expect(() => window({ timezone: "+01:00" })).toThrow("no time zone");
    expect(() => window({ to: "25:00" })).toThrow("hours and minutes");
    expect(() => window({ until: "17:00" } as object)).toThrow("until");
  });
});

describe("a freeze", () => {
  it("holds from its beginning up to its end, and then the window decides", () => {
    const of = {
      windows: [window({})],
      freezes: [freeze("2026-12-18T12:00", "2027-01-03T00:00", "Europe/Berlin")],
    };
    expect(asked(of, "2026-12-18T10:00:00Z")).toEqual([true, "2026-12-18T11:00:00.000Z"]);
    expect(asked(of, "2026-12-18T11:00:00Z")).toEqual([false, "2027-01-04T08:00:00.000Z"]);
  });

  it("returns every year, over New Year too", () => {
    const freezes = [freeze("12-20T18:00", "01-02T00:00", "UTC")];
    expect(asked({ freezes }, "2028-01-01T23:00:00Z")).toEqual([false, "2028-01-02T00:00:00.000Z"]);
    expect(asked({ freezes }, "2028-06-01T00:00:00Z")).toEqual([true, "2028-12-20T18:00:00.000Z"]);
  });

  it("begins on the 29th of February, or where there is none on the 1st of March", () => {
    const freezes = [freeze("02-29T00:00", "03-02T00:00", "UTC")];
    expect(asked({ freezes }, "2028-02-29T12:00:00Z")).toEqual([false, "2028-03-02T00:00:00.000Z"]);
    expect(asked({ freezes }, "2027-02-28T23:59:00Z")).toEqual([true, "2027-03-01T00:00:00.000Z"]);
  });

  it("is as long as the wall clock says at least, where an hour comes twice", () => {
    const until = [freeze("2026-10-24T12:00", "2026-10-25T02:30", "Europe/Berlin")];
    expect(asked({ freezes: until }, "2026-10-25T00:45:00Z")).toEqual([
      false,
      "2026-10-25T01:30:00.000Z",
    ]);
    const from = [freeze("2026-10-25T02:30", "2026-10-26T00:00", "Europe/Berlin")];
    expect(asked({ freezes: from }, "2026-10-25T01:15:00Z")).toEqual([
      false,
      "2026-10-25T23:00:00.000Z",
    ]);
  });

  it("is refused for a day that there is not, in two forms, backwards, or without a clock", () => {
    expect(() => freeze("2026-02-30T00:00", "2026-03-02T00:00", "UTC")).toThrow("write 2026");
    expect(() => freeze("2026-02-30T00:00:00Z", "2026-03-02T00:00:00Z")).toThrow("write 2026");
    expect(() => freeze("2027-02-29T00:00", "2027-03-02T00:00", "UTC")).toThrow("write 2026");
    expect(() => freeze("2026-12-20", "2026-12-24", "UTC")).toThrow("write 2026");
    expect(() => freeze("12-20T00:00", "2027-01-02T00:00", "UTC")).toThrow("in the form of");
    expect(() => freeze("2026-12-20T00:00", "2026-12-20T00:00", "UTC")).toThrow("ends before");
    expect(() => freeze("2026-12-20T00:00", "2026-12-24T00:00")).toThrow("needs a `timezone`");
    expect(() => freeze("2026-12-20T00:00:00Z", "2026-12-24T00:00:00Z", "UTC")).toThrow("offset");
  });
});

/** What a wall clock shows, read off the clock: another way than the evaluator's. */
function shown(zone: string) {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    weekday: "short",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  return (at: number) => {
    const parts = Object.fromEntries(format.formatToParts(at).map((one) => [one.type, one.value]));
    return {
      day: (parts["weekday"] ?? "").toLowerCase(),
      clock: `${parts["hour"]}:${parts["minute"]}`,
      text: `${parts["year"]}-${parts["month"]}-${parts["day"]}T${parts["hour"]}:${parts["minute"]}`,
    };
  };
}

const zones = [
  "Europe/Berlin",
  "America/New_York",
  // Half an hour of summer.
  "Australia/Lord_Howe",
  "Asia/Kathmandu",
  "Africa/Casablanca",
  "America/St_Johns",
  "Pacific/Auckland",
] as const;

/** Changes of clocks, and new years. */
const moments = [
  "2026-03-29T00:00Z",
  "2026-10-25T00:00Z",
  "2026-11-01T06:00Z",
  "2026-03-08T06:00Z",
  "2026-04-04T15:00Z",
  "2026-10-03T15:30Z",
  "2027-02-07T02:00Z",
  "2026-12-31T12:00Z",
  "2028-02-28T12:00Z",
];

const long = process.env["TIDELOCK_TEST_LONG"] === "1";
/** Minutes. Everything of a run lies on this grid, as the changes of clocks do, so that no look is left out. */
const grid = long ? 1 : 15;
const days = 3;
const zone = fc.constantFrom(...zones);
const clock = fc
  .nat(1_440 / grid - 1)
  .map((place) => new Date(place * grid * minute).toISOString().slice(11, 16));
const start = fc
  .tuple(fc.constantFrom(...moments), fc.integer({ min: -1_440 / grid, max: 1_440 / grid }))
  .map(([at, place]) => Date.parse(at) + place * grid * minute);
const someWindow = fc
  .record({
    days: fc.subarray([...weekdays], { minLength: 1 }),
    from: clock,
    to: clock,
    timezone: zone,
  })
  .filter(({ from, to }) => from !== to)
  .map(window);
/** About where the test looks: before the moment, around it or after it. */
const someFreeze = fc.record({
  timezone: zone,
  before: fc.integer({ min: -1_995 / grid, max: 1_995 / grid }),
  length: fc.integer({ min: 1, max: 3_000 / grid }),
  every: fc.boolean(),
});

function freezeAt(
  now: number,
  { timezone, before, length, every }: typeof someFreeze extends fc.Arbitrary<infer T> ? T : never,
) {
  const from = now - before * grid * minute;
  const [a, b] = [from, from + length * grid * minute].map((at) => new Date(at).toISOString());
  const part = every ? [5, 16] : [0, 16];
  return freeze(a?.slice(...part) ?? "", b?.slice(...part) ?? "", timezone);
}

/** By looking at the clock again and again, and no cleverness. */
function bruteForce(calendars: readonly Calendar[], now: number) {
  const looks = ((days * 2 + 3) * 1_440) / grid;
  const first = now - 3 * 1_440 * minute;
  const minutes = Array.from({ length: looks }, (_, index) => first + index * grid * minute);
  const closed = new Set<number>();
  for (const { windows, freezes } of calendars) {
    if (windows.length > 0) {
      const open = new Set<number>();
      for (const one of windows) {
        const look = shown(one.timezone);
        const yesterday = one.days.map((day) => weekdays[(weekdays.indexOf(day) + 1) % 7]);
        for (const at of minutes) {
          const { day, clock: reads } = look(at);
          const today = one.days.includes(day as "mon");
          const overnight = one.to < one.from;
          const within = overnight
            ? (today && reads >= one.from) || (yesterday.includes(day as "mon") && reads < one.to)
            : today && reads >= one.from && reads < one.to;
          if (within) open.add(at);
        }
      }
      for (const at of minutes) if (!open.has(at)) closed.add(at);
    }
    for (const one of freezes) {
      const look = shown(one.timezone ?? "UTC");
      const texts = minutes.map((at) => look(at).text);
      const years = one.from.length > 11 ? [""] : ["2025-", "2026-", "2027-", "2028-"];
      for (const year of years) {
        const from = `${year}${one.from}`;
        const next = year === "" ? "" : `${Number(year.slice(0, 4)) + 1}-`;
        const to = `${one.to < one.from ? next : year}${one.to}`;
        const begin = texts.findIndex((text) => text >= from);
        const end = texts.findLastIndex((text) => text < to);
        if (begin < 0) continue;
        for (const at of minutes.slice(begin, end + 1)) closed.add(at);
      }
    }
  }
  const open = !closed.has(now);
  const later = minutes.filter((at) => at > now && at < now + days * 1_440 * minute);
  return { open, changes: later.find((at) => closed.has(at) === open) ?? null };
}

describe("the calendar as a whole", () => {
  it(
    "says what somebody finds who looks at the clock again and again",
    () => {
      const seen = { open: 0, closed: 0, changes: 0, frozen: 0 };
      fc.assert(
        fc.property(
          fc.array(someWindow, { maxLength: 3 }),
          fc.array(someFreeze, { maxLength: 2 }),
          fc.option(someWindow, { nil: undefined }),
          start,
          (windows, frozen, own, now) => {
            const freezes = frozen.map((one) => freezeAt(now, one));
            const calendars: Calendar[] = [
              { of: "environment", windows, freezes },
              { of: "service", windows: own ? [own] : [], freezes: [] },
            ];
            const found = bruteForce(calendars, now);
            const said = scheduleAt(calendars, now);
            expect(said.open).toBe(found.open);
            const near = said.until !== null && said.until < now + days * 1_440 * minute;
            expect(near ? said.until : null).toBe(found.changes);
            seen[found.open ? "open" : "closed"] += 1;
            seen.changes += found.changes === null ? 0 : 1;
            seen.frozen += said.blockers.some(({ kind }) => kind === "freeze") ? 1 : 0;
          },
        ),
        { numRuns: long ? 1_000 : 60 },
      );
      // Of so many random calendars none of these is rare, and chance alone leaves none of them out.
      for (const count of Object.values(seen)) expect(count).toBeGreaterThan(0);
    },
    long ? 3_600_000 : 60_000,
  );
});
