import { expect, it } from "vitest";
import { reviewPack, runRandomChanges } from "./run-random-changes.ts";

// `npm run attack` does 10,000 of them; TIDELOCK_ATTACKS chooses another number here.
const count = Number(process.env["TIDELOCK_ATTACKS"] ?? 500);
const fewer = Math.ceil(count / 3);

it(
  `finds every one of ${count} random single changes of a pack`,
  { timeout: 600_000 },
  async () => {
    const { found, missed } = await runRandomChanges(count, 20_261_121);
    expect(missed.slice(0, 10)).toEqual([]);
    expect(found).toBe(count);
  },
);

it(
  `finds every one of ${fewer} random single changes of a pack about a review`,
  { timeout: 600_000 },
  async () => {
    const { found, missed } = await runRandomChanges(fewer, 20_261_122, reviewPack);
    expect(missed.slice(0, 10)).toEqual([]);
    expect(found).toBe(fewer);
  },
);
