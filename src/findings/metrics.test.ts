import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  acceptedSince,
  enough,
  quantile,
  quantilesOfEach,
  kindsOfScan,
  shareOf,
  spanOf,
  sumBy,
  toolYields,
} from "./metrics.ts";

it("says nothing of too few cases, and the share of enough", () => {
  expect(shareOf(1, 2)).toBeNull();
  expect(shareOf(0, 0)).toBeNull();
  expect(shareOf(enough - 1, enough - 1)).toBeNull();
  expect(shareOf(5, enough)).toBe(0.5);
  expect(spanOf(enough - 1, 5, 9)).toEqual({ medianMs: null, p90Ms: null });
  expect(spanOf(enough, 5, 9)).toEqual({ medianMs: 5, p90Ms: 9 });
});

it("counts for each tool what it saw, saw first, and alone saw, and what of it was judged false", () => {
  const yields = toolYields([
    { tools: ["trivy", "grype"], status: "open", n: 4 },
    { tools: ["grype"], status: "false-positive", n: 2 },
    { tools: ["trivy"], status: "closed", n: 1 },
    { tools: ["trivy", "trivy"], status: "triaged", n: 1 },
  ]);
  expect(yields).toEqual([
    { tool: "grype", found: 6, first: 0 + 2, only: 2, judged: 2, falsePositive: 2 },
    { tool: "trivy", found: 6, first: 6, only: 1, judged: 2, falsePositive: 0 },
  ]);
});

const tool = fc.constantFrom("a", "b", "c", "d");
const groups = fc.array(
  fc.record({
    tools: fc.uniqueArray(tool, { minLength: 1 }),
    status: fc.constantFrom("open", "triaged", "closed", "false-positive"),
    n: fc.nat(1_000),
  }),
);

it("gives every finding exactly one first detector, and no tool more alone than it saw", () => {
  fc.assert(
    fc.property(groups, (given) => {
      const yields = toolYields(given);
      const total = given.reduce((sum, { n }) => sum + n, 0);
      expect(yields.reduce((sum, { first }) => sum + first, 0)).toBe(total);
      for (const one of yields) {
        expect(one.only).toBeLessThanOrEqual(one.first);
        expect(one.first).toBeLessThanOrEqual(one.found);
        expect(one.falsePositive).toBeLessThanOrEqual(one.judged);
        expect(one.judged).toBeLessThanOrEqual(one.found);
      }
    }),
  );
});

it("loses nothing in a sum by a key", () => {
  fc.assert(
    fc.property(groups, (given) => {
      const sums = [...sumBy(given, ({ status }) => status).values()];
      const total = given.reduce((sum, { n }) => sum + n, 0);
      expect(sums.reduce((sum, n) => sum + n, 0)).toBe(total);
      expect(sums).toEqual(sums.toSorted((a, b) => b - a));
    }),
  );
});

it("knows what a clean scan looked for by its format, and what a tool has found before", () => {
  const seen = new Map([["codeql", new Set(["code"] as const)]]);
  expect(kindsOfScan({ tool: "trivy", format: "trivy" }, seen)).toEqual(["dependency"]);
  expect(kindsOfScan({ tool: "codeql", format: "sarif" }, seen)).toEqual(["code"]);
  expect(kindsOfScan({ tool: "new", format: "sarif" }, seen)).toEqual([]);
  expect(kindsOfScan({ tool: "testssl", format: "testssl-csv" }, seen)).toEqual(["network"]);
});

describe("since when a risk is accepted", () => {
  const day = 86_400_000;
  it.each([
    ["one", [{ since: 5 * day, ended: null }], 5],
    [
      "renewed in time",
      [
        { since: 0, ended: 90 * day },
        { since: 80 * day, ended: null },
      ],
      0,
    ],
    [
      "renewed soon after",
      [
        { since: 0, ended: 90 * day },
        { since: 120 * day, ended: null },
      ],
      0,
    ],
    [
      "again, long after",
      [
        { since: 0, ended: 90 * day },
        { since: 121 * day, ended: null },
      ],
      121,
    ],
    [
      "one within another",
      [
        { since: 0, ended: 300 * day },
        { since: 1, ended: 2 },
        { since: 320 * day, ended: null },
      ],
      0,
    ],
  ])("%s", (_, spans, days) => {
    expect(acceptedSince(spans.toReversed())).toBe(days * day);
  });

  it("is nothing where nobody ever did", () => {
    expect(acceptedSince([])).toBeNull();
  });
});

it("finds of values that count once each what it finds of a crowd", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -5, max: 50 })),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (values, share) => {
        const crowd = values.map((value) => ({ value, n: 1 }));
        expect(quantilesOfEach(values, [share])).toEqual([quantile(crowd, share)]);
      },
    ),
    { seed: 20_260_615 },
  );
});
