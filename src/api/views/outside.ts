import { z } from "zod";
import { AnchorSettings } from "../../model/anchor.ts";

/** Who looks at the ledger from outside. Times are RFC 3339 in UTC, sizes counts of entries. */

const Reached = z.object({ size: z.int(), at: z.string() });

/** What came of the last exchange that this server had with it; null: none since the server started. */
const LastAnswer = z.object({ at: z.string(), trouble: z.string().nullable() }).nullable();

export const WitnessView = z.object({
  /** The name of its key. */
  name: z.string(),
  /** As a trust root names it. */
  key: z.string(),
  url: z.string(),
  /** Who administers it, as the one who added it said. */
  operator: z.string(),
  addedAt: z.string(),
  /** The newest checkpoint that it cosigned; null for none of this log. */
  cosigned: Reached.nullable(),
  lastAnswer: LastAnswer,
});
export type WitnessView = z.infer<typeof WitnessView>;

export const AnchorView = z.object({
  name: z.string(),
  settings: AnchorSettings,
  /** At most one checkpoint in this time. */
  everyMs: z.int(),
  addedAt: z.string(),
  /** The newest checkpoint that lies there, and where. */
  anchored: Reached.extend({ place: z.string() }).nullable(),
  lastAnswer: LastAnswer,
});
export type AnchorView = z.infer<typeof AnchorView>;
