import type { ColumnType, Generated, Selectable } from "kysely";
import type { Engagement } from "../model/engagement.ts";
import type { Digest } from "../model/primitives.ts";

/** The table of engagements. */

interface EngagementsTable {
  /** A `bigint`. */
  id: ColumnType<string, never, never>;
  service: string;
  content: ColumnType<Engagement, string, never>;
  digest: Digest;
  envelope: Buffer;
  /** By pseudonym. */
  person: string;
  key_id: string;
  /** Why it counts no more; null while it does. */
  withdrawn: string | null;
  added_at: ColumnType<Date, never, never>;
  added_by: string;
  changes: Generated<number>;
}

export interface EngagementsSchema {
  engagements: EngagementsTable;
}

export type EngagementRow = Selectable<EngagementsTable>;
