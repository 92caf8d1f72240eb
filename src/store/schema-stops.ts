import type { ColumnType, Generated, Selectable } from "kysely";
import type { Digest } from "../model/primitives.ts";

/** The table of stopped lines and banned releases. */

interface StopsTable {
  id: number;
  kind: "line" | "ban";
  /** Null: every one. */
  service: string | null;
  environment: string | null;
  release: Digest | null;
  artifacts: ColumnType<readonly Digest[], string, never>;
  /** Of a ban: whatever holds all of the artifacts, or any of them. */
  parts: Generated<"all" | "any">;
  /** Of a ban: whatever was made of this revision of the service's source, too. */
  revision: string | null;
  reason: string;
  by_actor: string;
  at: ColumnType<Date, never, never>;
  cleared_at: Date | null;
  cleared_reason: string | null;
  cleared_by: string | null;
  changes: Generated<number>;
}

export interface StopsSchema {
  stops: StopsTable;
}

export type StopRow = Selectable<StopsTable>;
