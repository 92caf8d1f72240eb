import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FindingStatus } from "../model/finding.ts";
import { FindingKind } from "../model/observation.ts";
import { fingerprintKey, type Standing, whenSeen, whenUnseen } from "./life-cycle.ts";

const at = "2026-11-21T12:00:00Z";
const later = "2026-12-21T12:00:00Z";
const print = { algorithm: "native/x", value: "1" };

const standing = (more: Partial<Standing>): Standing => ({
  kind: "code",
  status: "open",
  lastOrder: 2,
  verifiedOrder: null,
  falsePositive: null,
  ...more,
});
const aside = (more: Partial<NonNullable<Standing["falsePositive"]>> = {}): Standing =>
  standing({
    status: "false-positive",
    falsePositive: {
      reason: "test code",
      proposedBy: "a",
      confirmedBy: "b",
      until: later,
      fingerprints: [fingerprintKey(print)],
      trusted: true,
      ...more,
    },
  });
const seen = (order: number | null, trusted = true) => ({
  order,
  trusted,
  at,
  fingerprints: [print],
});

describe("a finding that is seen", () => {
  test("stays what it is while it is somebody's work", () => {
    for (const status of ["open", "triaged", "in-progress"] as const) {
      expect(whenSeen(standing({ status }), seen(9))).toBeNull();
    }
  });

  test("is open again when somebody only said that it is fixed, but not for a release that was known to have it", () => {
    const fixed = standing({ status: "fixed", lastOrder: 2 });
    for (const order of [1, 2]) expect(whenSeen(fixed, seen(order))).toBeNull();
    for (const order of [3, null]) {
      expect(whenSeen(fixed, seen(order))).toMatchObject({ to: "open", reopened: true });
    }
  });

  test("is open again with the same release where it can be repaired without one", () => {
    const fixed = standing({ kind: "network", status: "fixed", lastOrder: 2 });
    expect(whenSeen(fixed, seen(1))).toBeNull();
    expect(whenSeen(fixed, seen(2))).toMatchObject({ to: "open", reopened: true });
  });

  test.each(["verified", "closed"] as const)(
    "is open again after it was %s, but not for a release that is older than the one without it",
    (status) => {
      const gone = standing({ status, verifiedOrder: 5 });
      expect(whenSeen(gone, seen(4))).toBeNull();
      for (const order of [5, 6, null]) {
        expect(whenSeen(gone, seen(order, false))).toMatchObject({ from: status, to: "open" });
      }
    },
  );
});

describe("a false positive", () => {
  test("covers its own fingerprints, for whom it was judged, until its end", () => {
    expect(whenSeen(aside(), seen(3))).toBeNull();
    expect(whenSeen(aside({ until: at }), seen(3))?.why).toMatch(/expired/);
    expect(whenSeen(aside({ until: "not a time" }), seen(3))?.why).toMatch(/expired/);
    expect(whenSeen(aside({ fingerprints: ["native/x 2"] }), seen(3))?.why).toMatch(/fingerprints/);
    expect(whenSeen(standing({ status: "false-positive" }), seen(3))?.to).toBe("open");
  });

  test("of what only untrusted reports had does not cover what a trusted scan sees", () => {
    const judged = aside({ trusted: false });
    expect(whenSeen(judged, seen(3, false))).toBeNull();
    expect(whenSeen(judged, seen(3, true))?.to).toBe("open");
  });
});

const anyOrder = fc.constantFrom(null, 1, 2, 3, 4);
const anyStanding = fc.record({
  kind: fc.constantFrom(...FindingKind.options),
  status: fc.constantFrom(...FindingStatus.options),
  lastOrder: anyOrder,
  verifiedOrder: anyOrder,
  falsePositive: fc.constantFrom(null, aside().falsePositive),
});
const rank = (status: FindingStatus): number => FindingStatus.options.indexOf(status);

describe("the laws of a life", () => {
  test("being seen never leads anywhere but to open", () => {
    fc.assert(
      fc.property(anyStanding, anyOrder, fc.boolean(), (one, order, trusted) => {
        const to = whenSeen(one, seen(order, trusted));
        expect(to === null || (to.to === "open" && to.from === one.status)).toBe(true);
      }),
    );
  });

  test("only a whole, trusted scan of a release that is not older verifies, and nothing goes further", () => {
    fc.assert(
      fc.property(
        anyStanding,
        anyOrder,
        fc.boolean(),
        fc.boolean(),
        fc.nat(2),
        (one, order, trusted, complete, seenElsewhere) => {
          const { transition } = whenUnseen(one, { order, trusted, complete, seenElsewhere });
          if (transition === null) return;
          expect(transition).toMatchObject({ from: one.status, to: "verified" });
          expect(rank(one.status)).toBeLessThan(rank("verified"));
          expect([trusted, complete, seenElsewhere]).toEqual([true, true, 0]);
          expect(order).not.toBeNull();
          expect((order ?? 0) >= (one.lastOrder ?? 0)).toBe(true);
        },
      ),
    );
  });
});
