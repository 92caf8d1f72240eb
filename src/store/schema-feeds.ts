import type { ColumnType, Generated, Selectable } from "kysely";
import type { Digest } from "../model/primitives.ts";

/** The tables of feeds: what others publish about vulnerabilities. */

interface FeedsTable {
  kind: "epss" | "kev";
  digest: Digest;
  as_of: ColumnType<Date, Date | string, Date | string>;
  version: string;
  records: number;
  content_digest: Digest;
  fewer: string | null;
  imported_at: ColumnType<Date, Date | string | undefined, Date | string>;
  imported_by: string;
  changes: Generated<number>;
}

interface EpssScoresTable {
  cve: string;
  epss: number;
  percentile: number;
}

interface KevEntriesTable {
  cve: string;
  added: string;
  due: string | null;
  ransomware: boolean;
  title: string;
  action: string;
}

export interface FeedsSchema {
  feeds: FeedsTable;
  epss_scores: EpssScoresTable;
  kev_entries: KevEntriesTable;
}

export type FeedRow = Selectable<FeedsTable>;
