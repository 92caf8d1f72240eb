import { describe, it } from "vitest";
import { caseOf, hold, seedsOf } from "../../../test/support/fuzz-reports.ts";

/** The short form; `npm run fuzz -- <seconds> <seed>` goes on for as long as it is told. */
const seed = 5;
const each = 14;

describe("whatever a report is, it is refused clearly or read, and however its bytes arrive", () => {
  const seeds = seedsOf(12_000);
  const formats = [...seeds.keys()];

  it.each(formats.map(({ id }, index) => [id, index] as const))("%s", async (_id, index) => {
    for (let round = 0; round < each; round += 1) {
      const number = index + round * formats.length;
      await hold(caseOf(seeds, seed, number)).catch((error: unknown) => {
        throw new Error(`npm run fuzz -- 0 ${seed} ${number}`, { cause: error });
      });
    }
  });
});
