import { z } from "zod";
import { Digest, Name } from "./primitives.ts";

/** What people did who looked for weaknesses on somebody's behalf: a record that ends. */

export const EngagementKind = z.enum(["penetration-test", "red-team", "bug-bounty"]);
export type EngagementKind = z.infer<typeof EngagementKind>;

export const EngagementId = z
  .string()
  .regex(/^E-[1-9]\d{0,15}$/, "expected E- and a number, like E-12");
export type EngagementId = z.infer<typeof EngagementId>;

/** It is shown in terminals, and signed: nothing in it moves the cursor or turns the direction. */
const line = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u, "write one line without control characters");
const Day = z.iso.date();

/** Nothing that people looked at is known for longer. */
export const longestEngagementDays = 2 * 366;

export const Engagement = z
  .strictObject({
    kind: EngagementKind,
    service: Name,
    /** Where it was done; null: it is not about one environment. */
    environment: Name.nullable(),
    /** What was looked at; null for what goes on over many releases. */
    release: Digest.nullable(),
    /** Who did it. */
    party: line(200),
    /** What was to be attacked, and what was not. */
    scope: line(2_000),
    /** Dates, YYYY-MM-DD; from and until when it was done. */
    began: Day,
    ended: Day,
    /** The last day on which it still says something. */
    validUntil: Day,
    /** What was found, in a sentence. */
    outcome: line(2_000),
    /** Reports and whatever else shows it, by digest. */
    evidence: z.array(z.strictObject({ name: line(200), digest: Digest })).max(50),
  })
  .refine(({ began, ended }) => began <= ended, {
    path: ["ended"],
    message: "it ended before it began",
  })
  .refine(({ ended, validUntil }) => ended <= validUntil, {
    path: ["validUntil"],
    message: "it was over before it ended",
  })
  .refine(
    ({ ended, validUntil }) =>
      Date.parse(validUntil) - Date.parse(ended) <= longestEngagementDays * 86_400_000,
    { path: ["validUntil"], message: "it counts for two years at most: then somebody looks again" },
  );
export type Engagement = z.infer<typeof Engagement>;
