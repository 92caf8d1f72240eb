import { expect, it } from "vitest";
import { classes, holdGateLaws } from "./gate-laws.ts";

/** The short form; `npm run laws` puts 100,000 cases to them. */
const cases = 3_000;

it("the laws of gates hold, each class of evidence is met, and a fifth of the cases is allowed", () => {
  const counts = holdGateLaws(cases, 20_261_122);
  expect((counts.get("outcome allow") ?? 0) / cases).toBeGreaterThan(0.2);
  expect(classes.filter((name) => (counts.get(name) ?? 0) < 5)).toEqual([]);
}, 120_000);
