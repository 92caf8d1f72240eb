import fc from "fast-check";
import { expect, test } from "vitest";
import { Crowd } from "./crowd.ts";

interface Thing {
  readonly id: number;
  place: number;
}

function listed(crowd: Crowd<Thing>): number[] {
  const ids: number[] = [];
  crowd.each(({ id }) => ids.push(id));
  return ids.sort((a, b) => a - b);
}

test("it holds what a Set would hold", () => {
  const step = fc.record({ add: fc.boolean(), id: fc.nat(15) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const things = Array.from({ length: 16 }, (_, id): Thing => ({ id, place: -1 }));
      const crowd = new Crowd<Thing>();
      const set = new Set<Thing>();
      for (const { add, id } of steps) {
        const thing = things[id] as Thing;
        if (add && !set.has(thing)) {
          crowd.add(thing);
          set.add(thing);
        } else if (!add) {
          crowd.remove(thing);
          set.delete(thing);
        }
        expect(crowd.has(thing)).toBe(set.has(thing));
      }
      expect(crowd.size).toBe(set.size);
      expect(listed(crowd)).toEqual([...set].map(({ id }) => id).sort((a, b) => a - b));
    }),
  );
});

test("each one is visited once, also when visiting removes it", () => {
  const crowd = new Crowd<Thing>();
  for (let id = 0; id < 10; id++) crowd.add({ id, place: -1 });
  const seen: number[] = [];
  crowd.each((thing) => {
    seen.push(thing.id);
    if (thing.id % 2 === 0) crowd.remove(thing);
  });
  expect(seen.sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(listed(crowd)).toEqual([1, 3, 5, 7, 9]);
});
