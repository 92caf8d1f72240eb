import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SlaDays } from "../model/service-security.ts";
import { type Clock, clockAt, defaultSla } from "./sla.ts";

const clock = (more: Partial<Clock> = {}): Clock => ({
  severity: "high",
  firstSeen: "2026-01-01T00:00:00.000Z",
  pauses: [],
  endedAt: null,
  ...more,
});
const day = (n: number): string => new Date(Date.UTC(2026, 0, 1) + n * 86_400_000).toISOString();

describe("the clock of a finding", () => {
  test("runs 7, 30, 90 and 120 days by severity, and not for information", () => {
    const due = (severity: Clock["severity"]) =>
      clockAt(clock({ severity }), defaultSla, day(1)).due;
    expect(due("critical")).toBe(day(7));
    expect(due("high")).toBe(day(30));
    expect(due("medium")).toBe(day(90));
    expect(due("low")).toBe(day(120));
    expect(due("info")).toBeNull();
    expect(SlaDays.parse({ high: 10, low: null })).toEqual({ ...defaultSla, high: 10, low: null });
  });

  test("counts another severity from the first sight", () => {
    const grave = clock({ severity: "critical" });
    expect(clockAt(grave, defaultSla, day(8))).toMatchObject({ due: day(7), overdue: true });
    expect(clockAt(clock(), defaultSla, day(8))).toMatchObject({ due: day(30), overdue: false });
  });

  test("does not count paused time, and counts overlapping pauses once", () => {
    const pauses = [
      { from: day(10), to: day(20) },
      { from: day(5), to: day(15) },
      { from: day(12), to: day(13) },
    ];
    expect(clockAt(clock({ pauses }), defaultSla, day(21)).due).toBe(day(45));
    const open = clock({ pauses: [{ from: day(29), to: null }] });
    expect(clockAt(open, defaultSla, day(99))).toMatchObject({ overdue: false, paused: true });
    expect(clockAt(open, defaultSla, day(99)).leftMs).toBe(86_400_000);
  });

  test("stops when it is over", () => {
    expect(clockAt(clock({ endedAt: day(29) }), defaultSla, day(99)).overdue).toBe(false);
    expect(clockAt(clock({ endedAt: day(31) }), defaultSla, day(99)).overdue).toBe(true);
  });

  test("leaves as much time as it had, less what ran: pauses move the end and nothing else", () => {
    const days = fc.integer({ min: 0, max: 60 });
    const pause = fc.tuple(days, days).map(([a, b]) => ({ from: day(Math.min(a, b)), to: day(Math.max(a, b)) })); // prettier-ignore
    fc.assert(
      fc.property(fc.array(pause, { maxLength: 5 }), days, (pauses, now) => {
        const { due, leftMs, overdue } = clockAt(clock({ pauses }), defaultSla, day(now));
        const ran = [...Array(now).keys()].filter((one) => !pauses.some(({ from, to }) => from <= day(one) && to > day(one))); // prettier-ignore
        expect(leftMs).toBe((30 - ran.length) * 86_400_000);
        expect(overdue).toBe(ran.length > 30);
        expect(Date.parse(due ?? "") >= Date.parse(day(30))).toBe(true);
      }),
    );
  });
});
