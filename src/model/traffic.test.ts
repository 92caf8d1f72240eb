import fc from "fast-check";
import { expect, it } from "vitest";
import {
  bucketLimitMs,
  bucketOf,
  latencyQuantile,
  trafficBetween,
  type UserTraffic,
} from "./traffic.ts";

const latencyOf = (times: readonly number[]): UserTraffic["latency"] => {
  const counts = new Map<number, number>();
  for (const ms of times) counts.set(bucketOf(ms), (counts.get(bucketOf(ms)) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => a - b);
};

const traffic = (values: Partial<UserTraffic> = {}): UserTraffic => ({
  releaseName: "shop@1",
  since: 1,
  requests: 0,
  failed: 0,
  abandoned: 0,
  latency: [],
  ...values,
});

it("reads every quantile not below the true one, and at most 6 % above it", () => {
  const times = fc.array(fc.double({ min: 0.2, max: 100_000, noNaN: true }), { minLength: 1 });
  fc.assert(
    fc.property(times, fc.double({ min: 0, max: 1, noNaN: true }), (all, q) => {
      const sorted = all.toSorted((a, b) => a - b);
      const exact = sorted[Math.max(1, Math.ceil(sorted.length * q)) - 1] ?? 0;
      const read = latencyQuantile(latencyOf(all), q) ?? 0;
      expect(read).toBeGreaterThanOrEqual(exact * (1 - 1e-9));
      expect(read).toBeLessThanOrEqual(exact * 1.0595);
    }),
  );
});

it("has a bucket for whatever a clock may say", () => {
  for (const ms of [-1, 0, Number.NaN, 1e-9]) expect(bucketOf(ms)).toBe(0);
  expect(bucketOf(1e12)).toBe(bucketOf(Number.POSITIVE_INFINITY));
  expect(bucketLimitMs(bucketOf(1e12))).toBeGreaterThan(120_000);
});

it("gives what happened between two readings, and nothing where they are not of one count", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 500 })),
      fc.array(fc.integer({ min: 1, max: 500 })),
      (first, more) => {
        const before = traffic({ requests: first.length, latency: latencyOf(first) });
        const all = [...first, ...more];
        const after = traffic({ requests: all.length, failed: 2, latency: latencyOf(all) });
        const between = trafficBetween(before, after);
        expect(between).toEqual(
          traffic({ requests: more.length, failed: 2, latency: latencyOf(more) }),
        );
      },
    ),
  );
  const later = traffic({ requests: 9 });
  expect(trafficBetween(traffic({ since: 2 }), later)).toBeNull();
  expect(trafficBetween(traffic({ releaseName: "shop@2" }), later)).toBeNull();
  expect(trafficBetween(traffic({ requests: 10 }), later)).toBeNull();
});
