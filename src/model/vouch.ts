import { z } from "zod";

/** The right to vouch, as a third person, for who somebody is. Whoever may sign changes of policy may too. */
export const vouchRight = "people.vouch";

export const Pseudonym = z.string().regex(/^person:[0-9a-f]{32}$/);

const VouchedAct = z.strictObject({
  /** Of its entry in the ledger. */
  operation: z.string().min(1).max(1_024),
  what: z.string().max(256),
  /** RFC 3339. */
  at: z.iso.datetime(),
});

/** What is vouched for: exactly these entries, and nothing that comes later. */
export const ToVouch = z.strictObject({
  person: Pseudonym,
  /** Of the log in which it counts. */
  ledger: z.string().min(1).max(512),
  acts: z.array(VouchedAct).min(1).max(1_000),
});
export type ToVouch = z.infer<typeof ToVouch>;
