import { expect, it } from "vitest";
import { classes, holdGateLaws } from "./gate-laws.ts";

/** The short form; `npm run laws` puts 100,000 cases to them, and `npm run mutate` fewer to each mutant. */
const enough = 3_000;
const cases = Number(process.env["TIDELOCK_LAW_CASES"] ?? enough);

it("the laws of gates hold, each class of evidence is met, and a fifth of the cases is allowed", () => {
  const counts = holdGateLaws(cases, 20_261_122);
  if (cases < enough) return;
  expect((counts.get("outcome allow") ?? 0) / cases).toBeGreaterThan(0.2);
  expect(classes.filter((name) => (counts.get(name) ?? 0) < 5)).toEqual([]);
}, 120_000);
