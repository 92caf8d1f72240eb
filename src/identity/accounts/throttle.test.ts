import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type FailedTries, waitMs } from "./throttle.ts";

const now = new Date("2026-01-01T12:00:00Z");
const none: FailedTries = { pair: 0, lastAt: null, network: 0, account: 0, device: null };
const justNow = { ...none, lastAt: now };

describe("whoever tries to sign in", () => {
  it("may mistype a few times, and then waits twice as long each time, a quarter of an hour at most", () => {
    const waits = [0, 4, 5, 6, 7, 10, 60].map((pair) => waitMs({ ...justNow, pair }, now));
    expect(waits).toEqual([0, 0, 1_000, 2_000, 4_000, 32_000, 900_000]);
    const earlier = new Date(now.getTime() - 1_500);
    expect(waitMs({ ...justNow, pair: 6, lastAt: earlier }, now)).toBe(500);
  });

  it("waits where many of one network or at one account have failed", () => {
    expect(waitMs({ ...none, network: 100 }, now)).toBe(900_000);
    expect(waitMs({ ...none, account: 100 }, now)).toBe(900_000);
  });

  it("never waits by what others did, when their device is known", () => {
    const counts = fc.record({ pair: fc.nat(), network: fc.nat(), account: fc.nat() });
    fc.assert(
      fc.property(counts, fc.nat(9), (others, device) => {
        expect(waitMs({ ...others, lastAt: now, device }, now)).toBe(0);
      }),
    );
    expect(waitMs({ ...justNow, pair: 30, device: 10 }, now)).toBe(900_000);
  });

  it("never waits longer than a quarter of an hour, whatever the clocks say", () => {
    const times = fc.date({ noInvalidDate: true });
    fc.assert(
      fc.property(fc.nat(200), times, times, (pair, lastAt, at) => {
        const wait = waitMs({ ...none, pair, lastAt }, at);
        expect(wait).toBeGreaterThanOrEqual(0);
        expect(wait).toBeLessThanOrEqual(900_000);
      }),
    );
  });
});
