import { z } from "zod";
import { Name } from "./primitives.ts";

/** A provider of identities vouches for who somebody is: what two people agree to, and what each word rests on. */

export const VouchDemand = z
  .strictObject({
    acr: z.array(z.string().min(1).max(200)).min(1).max(20).optional(),
    amr: z.array(z.string().min(1).max(50)).min(1).max(20).optional(),
  })
  .nullable();
export type VouchDemand = z.infer<typeof VouchDemand>;

export const VouchingWish = z.strictObject({
  /** By the id that the server's file gives it. */
  provider: Name,
  demand: VouchDemand.default(null),
  /** Names of whoever can make accounts there, or sign in as others. */
  administrators: z.array(z.string().min(1).max(256)).max(100).default([]),
  days: z.int().min(1).max(365).default(90),
});
export type VouchingWish = z.infer<typeof VouchingWish>;

/** What a provider signed of the sign-in that a session began with. Nobody's name is in it. */
export interface SignedFacts {
  /** Id of the link between the provider's name for somebody and the person. */
  readonly identity: string;
  /** When the provider asked who it is. Seconds since 1970. */
  readonly authTime: number;
  /** The key that signed, as the provider calls it; null: it does not say. */
  readonly key: string | null;
  /** SHA-256 of the id token. */
  readonly token: string;
}

/** What one word of a provider's rests on, as its ledger entry has it. */
export interface VouchFacts extends SignedFacts {
  /** Id of the setting by which the provider may vouch. */
  readonly setting: string;
  readonly acr: string | null;
  readonly amr: readonly string[];
  /** RFC 3339, by the database's clock: when it was said, and until when it counts. */
  readonly at: string;
  readonly until: string;
}

/** A provider as an identity of its own, for whom its setting is an act. */
export function providerAs(issuer: string): string {
  return `provider:${issuer}`;
}
