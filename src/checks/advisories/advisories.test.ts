import fc from "fast-check";
import semver from "semver";
import { describe, expect, it } from "vitest";
import type { Advisory, AdvisoryEvent } from "../../model/advisory.ts";
import { comparePep440, parsePep440 } from "./pep440.ts";
import { affects, isInRange } from "./versions.ts";

const base: Advisory = {
  id: "GHSA-a",
  aliases: [],
  summary: "",
  score: null,
  cwe: [],
  modified: "2026-01-01T00:00:00Z",
  ecosystem: "npm",
  name: "a",
  ranges: [],
  versions: [],
};

describe("whether a version is affected", () => {
  const range = (...events: AdvisoryEvent[]) => events;
  it.each<[AdvisoryEvent[], string, boolean]>([
    [range({ introduced: "0" }), "0.0.0-alpha", true],
    [range({ introduced: "0" }, { fixed: "1.2.3" }), "1.2.2", true],
    [range({ introduced: "0" }, { fixed: "1.2.3" }), "1.2.3-rc.1", true],
    [range({ introduced: "0" }, { fixed: "1.2.3" }), "1.2.3", false],
    [range({ introduced: "1.0.0" }, { lastAffected: "1.2.3" }), "1.2.3", true],
    [range({ introduced: "1.0.0" }, { lastAffected: "1.2.3" }), "1.2.4", false],
    [range({ introduced: "1.0.0" }, { lastAffected: "1.2.3" }), "0.9.0", false],
    [
      range({ fixed: "1.1.0" }, { introduced: "2.0.0" }, { introduced: "0" }, { fixed: "2.3.0" }),
      "1.5.0",
      false,
    ],
    [
      range({ fixed: "1.1.0" }, { introduced: "2.0.0" }, { introduced: "0" }, { fixed: "2.3.0" }),
      "2.2.9",
      true,
    ],
    [range({ introduced: "0" }, { fixed: "1.0.0" }, { introduced: "1.0.0" }), "1.0.0", true],
    [range({ introduced: "0" }, { limit: "2.0.0" }), "2.0.0", false],
    [range({ introduced: "0" }, { limit: "2.0.0" }), "1.9.9", true],
    [range({ introduced: "0" }, { limit: "*" }), "9.0.0", true],
    [range({ fixed: "1.0.0" }), "0.5.0", false],
  ])("%j and %s: %s", (events, version, expected) => {
    expect(isInRange("npm", events, version)).toBe(expected);
  });

  it("is told by the list as well, and names the first version that repairs it", () => {
    const listed = { ...base, versions: ["1.0.0"], ranges: [] };
    expect(affects(listed, "1.0.0")).toEqual({ fixedIn: null });
    expect(affects(listed, "1.0.1")).toBeNull();
    const two = {
      ...base,
      ranges: [
        range({ introduced: "1.0.0" }, { fixed: "1.4.0" }),
        range({ introduced: "2.0.0" }, { fixed: "2.1.0" }),
      ],
    };
    expect(affects(two, "1.2.0")).toEqual({ fixedIn: "1.4.0" });
    expect(affects(two, "2.0.5")).toEqual({ fixedIn: "2.1.0" });
    expect(affects(two, "1.9.0")).toBeNull();
  });

  const version = fc.tuple(fc.nat(5), fc.nat(5), fc.nat(5)).map((parts) => parts.join("."));
  it("does not depend on the order of the events, and agrees with plain intervals", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(version, { minLength: 2, maxLength: 8 }),
        version,
        fc.nat(),
        (all, one, seed) => {
          const bounds = all.toSorted(semver.compare).slice(0, all.length - (all.length % 2));
          const events = bounds.map((at, index): AdvisoryEvent =>
            index % 2 === 0 ? { introduced: at } : { fixed: at },
          );
          const shuffled = events
            .map((event, index) => ({ event, key: Math.imul(index + seed + 1, 2_654_435_761) }))
            .sort((a, b) => a.key - b.key)
            .map(({ event }) => event);
          const expected = bounds.some(
            (from, index) =>
              index % 2 === 0 &&
              semver.gte(one, from) &&
              semver.lt(one, bounds[index + 1] ?? "99.0.0"),
          );
          expect(isInRange("npm", shuffled, one)).toBe(expected);
        },
      ),
    );
  });

  it("orders Python's versions as PEP 440 does", () => {
    // In the order of the PEP's own examples and of its reference implementation's tests.
    const sorted =
      "1.0.dev456 1.0a1 1.0a2.dev456 1.0a12.dev456 1.0a12 1.0b1.dev456 1.0b2 1.0b2.post345.dev456 1.0b2.post345 1.0rc1.dev456 1.0rc1 1.0 1.0.post456.dev34 1.0.post456 1.1.dev1 1!0.5".split(
        " ",
      );
    for (let index = 1; index < sorted.length; index++) {
      const [a, b] = [parsePep440(sorted[index - 1] ?? ""), parsePep440(sorted[index] ?? "")];
      expect(a && b && comparePep440(a, b), `${sorted[index - 1]} < ${sorted[index]}`).toBe(-1);
    }
    for (const [a, b] of [
      ["1.0", "1.0.0"],
      ["1.0-1", "1.0.post1"],
      ["1.0alpha1", "1.0a1"],
      ["v1.0", "1"],
      ["1.0c1", "1.0rc1"],
    ] as const) {
      const [first, second] = [parsePep440(a), parsePep440(b)];
      expect(first && second && comparePep440(first, second), `${a} = ${b}`).toBe(0);
    }
    expect(parsePep440("french toast")).toBeNull();
  });
});
