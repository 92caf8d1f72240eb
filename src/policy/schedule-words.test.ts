import { describe, expect, it } from "vitest";
import { type Calendar, Freeze, Window } from "../model/calendar.ts";
import { describeWindows, scheduleGrounds, type ScheduleSays, scheduleSays } from "./schedule.ts";

const forward = { returning: false, underWay: false };
const office = Window.parse({
  name: "office",
  days: ["mon", "tue"],
  from: "09:00",
  to: "17:00",
  timezone: "UTC",
  owner: "platform",
});
const night = Window.parse({
  ...office,
  name: "night",
  from: "22:00",
  to: "23:00",
  reason: "calm",
});
const freeze = Freeze.parse({
  name: "launch",
  from: "2026-11-23T10:00:00Z",
  to: "2026-11-23T11:00:00Z",
  reason: "the campaign runs",
  owner: "marketing",
});
const says = (change: Partial<Calendar>, now: string): ScheduleSays =>
  scheduleSays(
    [{ of: "environment", windows: [], freezes: [], ...change }],
    Date.parse(now),
    "2026a",
  );
const open: ScheduleSays = {
  open: true,
  until: "2026-11-23T10:00:00.000Z",
  because: [],
  calendars: [],
  timeZones: "2026a",
};
const closed: ScheduleSays = { ...open, open: false, because: ["one", "two"] };
const clock = (until: string) => ({ message: "the clock was set", until });

describe("a calendar", () => {
  it("is described by its windows, with the reasons that they have", () => {
    expect(describeWindows([office])).toBe(
      "the window office (mon, tue 09:00-17:00 UTC, platform)",
    );
    expect(describeWindows([office, night])).toBe(
      "the windows office (mon, tue 09:00-17:00 UTC, platform), night (mon, tue 22:00-23:00 UTC, platform: calm)",
    );
  });

  it("says what keeps it closed, and until when, where that is known", () => {
    // 2026-11-22 is a Sunday.
    expect(says({ windows: [office] }, "2026-11-22T12:00:00Z")).toMatchObject({
      open: false,
      until: "2026-11-23T09:00:00.000Z",
      because: [
        "outside the window office (mon, tue 09:00-17:00 UTC, platform) of the environment",
      ],
      timeZones: "2026a",
    });
    expect(says({ freezes: [freeze] }, "2026-11-23T10:30:00Z").because).toEqual([
      "the freeze launch of marketing holds until 2026-11-23T11:00:00.000Z (the campaign runs)",
    ]);
    expect(says({}, "2026-11-23T10:30:00Z")).toMatchObject({
      open: true,
      until: null,
      because: [],
    });
  });

  it("keeps the calendars that it read", () => {
    const calendars = [{ of: "service" as const, windows: [office], freezes: [] }];
    expect(scheduleSays(calendars, 0, "x").calendars).toBe(calendars);
  });
});

describe("what is said of the time", () => {
  it("is nothing where nobody declared any", () => {
    expect(scheduleGrounds(undefined, forward)).toEqual([]);
  });

  it("is that it is open, and until when, where that ends", () => {
    const said = (message: string) => [{ outcome: "allow", rule: "window", message }];
    for (const returning of [true, false]) {
      expect(scheduleGrounds(open, { returning, underWay: false })).toStrictEqual(
        said("releases may go to users here now until 2026-11-23T10:00:00.000Z"),
      );
    }
    expect(scheduleGrounds({ ...open, until: null }, forward)).toStrictEqual(
      said("releases may go to users here now"),
    );
  });

  it("is what keeps it closed, and when it opens, or whom to ask", () => {
    expect(scheduleGrounds(closed, forward)).toStrictEqual([
      {
        outcome: "wait",
        rule: "window",
        message: "one; two; it may go from 2026-11-23T10:00:00.000Z",
        until: "2026-11-23T10:00:00.000Z",
      },
    ]);
    expect(scheduleGrounds({ ...closed, until: null }, forward)).toStrictEqual([
      {
        outcome: "wait",
        rule: "window",
        message: "one; two; no opening is known: ask the owners",
      },
    ]);
  });

  it("is that a return is not held up, and that what is under way goes on", () => {
    for (const underWay of [true, false]) {
      expect(scheduleGrounds(closed, { returning: true, underWay })).toStrictEqual([
        {
          outcome: "allow",
          rule: "window",
          message: "one; two; a return of traffic is not held up by it",
        },
      ]);
    }
    expect(scheduleGrounds(closed, { returning: false, underWay: true })).toStrictEqual([
      {
        outcome: "allow",
        rule: "window",
        message: "one; two; the release before it has been stopped already, so it goes on",
      },
    ]);
  });

  it("is of a clock that was set that nothing opens before it is believed again", () => {
    const late = "2026-11-23T10:00:00.001Z";
    const soon = "2026-11-23T09:00:00.000Z";
    const untilOf = (one: ScheduleSays) => scheduleGrounds(one, forward)[0];
    expect(untilOf({ ...open, clock: clock(soon) })).toStrictEqual({
      outcome: "wait",
      rule: "window",
      message: `the clock was set; it may go from ${soon}`,
      until: soon,
    });
    expect(untilOf({ ...closed, clock: clock(late) })).toMatchObject({
      until: late,
      message: `one; two; the clock was set; it may go from ${late}`,
    });
    expect(untilOf({ ...closed, clock: clock(soon) })?.until).toBe(closed.until);
    // The schedule itself knows no end: then the clock's is none either.
    expect(untilOf({ ...closed, until: null, clock: clock(soon) })).not.toHaveProperty("until");
  });

  it("says one moment that is written in two ways as the schedule does", () => {
    const same = clock("2026-11-23T11:00:00.000+01:00");
    expect(scheduleGrounds({ ...closed, clock: same }, forward)[0]?.until).toBe(closed.until);
  });
});
