import fc from "fast-check";
import { expect, test } from "vitest";
import { chooseBackend, ColourWheel, idleColour } from "./balance.ts";

test("of every hundred requests each colour gets exactly its weight, wherever one starts to count", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 100 }),
      fc.integer({ min: 0, max: 300 }),
      (blue, skip) => {
        const wheel = new ColourWheel({ blue, green: 100 - blue });
        for (let i = 0; i < skip; i++) wheel.next();
        let seen = 0;
        for (let i = 0; i < 100; i++) if (wheel.next() === "blue") seen++;
        expect(seen).toBe(blue);
      },
    ),
  );
});

test("with no weight there is no colour", () => {
  expect(new ColourWheel({ blue: 0, green: 0 }).next()).toBeNull();
});

const backend = (inFlight: number, suspectUntil = 0) => ({ inFlight, suspectUntil });

test("equal backends take turns", () => {
  const backends = [backend(0), backend(0), backend(0)];
  const chosen = [0, 1, 2, 3, 4, 5].map((turn) =>
    backends.indexOf(chooseBackend(backends, turn, 0, null) ?? backend(0)),
  );
  expect(chosen).toEqual([0, 1, 2, 0, 1, 2]);
});

test("the least busy backend is chosen, one that refused a moment ago last, one that was tried never", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ inFlight: fc.nat(3), suspectUntil: fc.constantFrom(0, 10) }), {
        minLength: 1,
        maxLength: 6,
      }),
      fc.nat(20),
      fc.nat(63),
      (backends, turn, mask) => {
        const tried = new Set(backends.filter((_, index) => (mask >> index) & 1));
        const chosen = chooseBackend(backends, turn, 5, tried);
        const open = backends.filter((one) => !tried.has(one));
        if (open.length === 0) {
          expect(chosen).toBeNull();
          return;
        }
        if (chosen === null) throw new Error("none chosen");
        expect(open).toContain(chosen);
        const rank = (one: { inFlight: number; suspectUntil: number }) =>
          (one.suspectUntil > 5 ? 100 : 0) + one.inFlight;
        expect(rank(chosen)).toBe(Math.min(...open.map(rank)));
      },
    ),
  );
});

test("the idle colour is the one without live traffic, and before the first switch the one with a release", () => {
  const has =
    (...colours: string[]) =>
    (colour: string) =>
      colours.includes(colour);
  expect(idleColour({ blue: 100, green: 0 }, has("blue", "green"))).toBe("green");
  expect(idleColour({ blue: 0, green: 100 }, has("green"))).toBe("blue");
  expect(idleColour({ blue: 90, green: 10 }, has("blue", "green"))).toBeNull();
  expect(idleColour({ blue: 0, green: 0 }, has("blue"))).toBe("blue");
  expect(idleColour({ blue: 0, green: 0 }, has("green"))).toBe("green");
  expect(idleColour({ blue: 0, green: 0 }, has("blue", "green"))).toBeNull();
  expect(idleColour({ blue: 0, green: 0 }, has())).toBeNull();
});
