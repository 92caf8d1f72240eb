import { z } from "zod";

/** How whoever asks can sign something, or why not: the same for approvals, answers, emergencies and waivers. */
export const SignerView = z.object({
  /** Null: a machine, or the token of the data directory. */
  person: z.object({ person: z.string(), name: z.string().nullable() }).nullable(),
  /** Whether a role lets them hand in what they signed there. */
  may: z.boolean(),
  /** Whether they have signed it. */
  answered: z.boolean(),
  /** Why their signature would not count, whatever the key; null: nothing says so. */
  against: z.string().nullable(),
  /** Passkeys for approvals; `against`: why one would not count. */
  passkeys: z.array(
    z.object({
      key: z.string(),
      credentialId: z.string(),
      rpId: z.string(),
      origins: z.array(z.string()),
      backupEligible: z.boolean().nullable(),
      against: z.string().nullable(),
    }),
  ),
});
export type SignerView = z.infer<typeof SignerView>;
