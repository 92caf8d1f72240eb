import { z } from "zod";
import { By, Producers, refuseUnknownProducers } from "./producers.ts";

/**
 * Whose word about findings counts in an environment beyond opening them: given by the environment's owners
 * (`spec.findings`), never in a service's own file. What nobody is named for is nobody's.
 */

const most = 64;

/** `*` stands for any characters; everything else is itself. Case does not matter. */
const ToolPattern = z.string().min(1).max(128);

export const FindingPolicy = z
  .strictObject({
    producers: Producers.default({}),
    /** Each entry: a complete report of these tools, signed by one of these, closes what it misses. */
    reports: z
      .array(z.strictObject({ by: By, tools: z.array(ToolPattern).min(1).max(most) }))
      .max(most)
      .default([]),
    /** Each entry: what a statement (VEX) signed by one of these says of a release is so, for that release. */
    vex: z
      .array(z.strictObject({ by: By }))
      .max(most)
      .default([]),
  })
  .superRefine(({ producers, reports, vex }, context) => {
    refuseUnknownProducers(
      producers,
      [
        ...reports.map(({ by }, at) => ({ by, path: ["reports", at, "by"] })),
        ...vex.map(({ by }, at) => ({ by, path: ["vex", at, "by"] })),
      ],
      context,
    );
  });
export type FindingPolicy = z.infer<typeof FindingPolicy>;
