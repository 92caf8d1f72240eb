import { z } from "zod";
import { Colour, Digest, Name } from "../model/primitives.ts";

/**
 * Where and for what evidence was made (law 3). It stands inside the signed predicate, and whoever leans on
 * the evidence says which address is expected: what was shown in testing never counts in production.
 */
export const Address = z.strictObject({
  service: Name,
  environment: Name,
  /** Null where no instance was looked at, e.g. a check before anything is deployed. */
  colour: Colour.nullable(),
  release: Digest,
  /** Null where no configuration was in play. */
  configuration: Digest.nullable(),
  promotion: z.string().min(1),
  /** Digest of the policy in force: pipeline and environment documents and the gate's preset. */
  policy: Digest,
});
export type Address = z.infer<typeof Address>;

const fields = [
  "service",
  "environment",
  "colour",
  "release",
  "configuration",
  "promotion",
  "policy",
] as const satisfies readonly (keyof Address)[];

/** One sentence a field that differs; empty when the evidence is for exactly this. */
export function addressDifferences(found: Address, expected: Address): readonly string[] {
  return fields
    .filter((field) => found[field] !== expected[field])
    .map(
      (field) =>
        `its ${field} is ${found[field] ?? "none"}, and ${expected[field] ?? "none"} is expected`,
    );
}
