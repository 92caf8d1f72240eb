import fc from "fast-check";
import { expect, test } from "vitest";
import { defaultBackoff as policy, nextStart } from "./backoff.ts";

test("a process that ended after a good run is started at once", () => {
  const next = nextStart(policy, { fastExits: 4, livedMs: policy.goodRunMs, wasReady: true });
  expect(next).toEqual({ fastExits: 0, failed: false, delayMs: 0 });
});

test("a long life without ever being ready is no good run", () => {
  const next = nextStart(policy, { fastExits: 0, livedMs: 3_600_000, wasReady: false });
  expect(next.fastExits).toBe(1);
});

test("each fast exit waits longer than the one before, and the fifth is a failure", () => {
  let fastExits = 0;
  let last = 0;
  for (let exit = 1; exit <= 5; exit += 1) {
    const next = nextStart(policy, { fastExits, livedMs: 10, wasReady: false });
    expect(next.delayMs).toBeGreaterThan(last);
    expect(next.failed).toBe(exit === 5);
    ({ fastExits } = next);
    last = next.delayMs;
  }
});

test("no wait is ever longer than the slow one, and what has failed stays failed while it crashes", () => {
  fc.assert(
    fc.property(
      fc.nat({ max: 1_000 }),
      fc.nat({ max: 9_999 }),
      fc.boolean(),
      (fastExits, livedMs, wasReady) => {
        const next = nextStart(policy, { fastExits, livedMs, wasReady });
        expect(next.delayMs).toBeLessThanOrEqual(policy.slowDelayMs);
        expect(next.failed).toBe(fastExits + 1 >= policy.fastExitsToFail);
      },
    ),
  );
});
