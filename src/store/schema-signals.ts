import type { ColumnType, Selectable } from "kysely";
import type { Severity } from "../model/observation.ts";
import type { Digest } from "../model/primitives.ts";

/** The table of what runtime controls saw. */

interface RuntimeSignalsTable {
  source: string;
  signal: string;
  service: string;
  environment: string;
  release: Digest;
  kind: string;
  severity: Severity;
  message: string;
  at: ColumnType<Date, never, never>;
  added_by: string;
}

export interface SignalsSchema {
  runtime_signals: RuntimeSignalsTable;
}

export type SignalRow = Selectable<RuntimeSignalsTable>;
