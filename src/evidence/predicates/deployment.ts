import { z } from "zod";
import { Digest } from "../../model/primitives.ts";
import { Address } from "../address.ts";
import type { PredicateKind } from "./predicate.ts";

/** Users meet this release from now on: the traffic has moved and was read back. */
export const DeploymentPredicate = z.strictObject({
  address: Address,
  kind: z.enum(["promotion", "rollback"]),
  plan: Digest,
  /** What was live before, or null for a first release. */
  replaced: z
    .strictObject({ release: Digest, configuration: Digest, colour: Address.shape.colour })
    .nullable(),
  /** RFC 3339, the database's clock. */
  deployedOn: z.iso.datetime(),
});
export type DeploymentPredicate = z.infer<typeof DeploymentPredicate>;

export const deployment = {
  type: "https://tidelock.dev/predicate/deployment/v1",
  schema: DeploymentPredicate,
} as const satisfies PredicateKind<typeof DeploymentPredicate>;
