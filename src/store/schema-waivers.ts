import type { ColumnType, Generated, Selectable } from "kysely";
import type { Waived } from "../model/waiver.ts";

/** The table of waivers. */

export type WaiverState = "proposed" | "in-force" | "withdrawn" | "ended";

/** A signature under a waiver. */
export interface WaiverSignature {
  /** By pseudonym. */
  readonly person: string;
  readonly key: string;
  /** DSSE envelope in base64. */
  readonly envelope: string;
  /** Of the second one: what is known, and what is not, about whether somebody judged own work. */
  readonly separation: string | null;
  /** RFC 3339. */
  readonly at: string;
}

type Time = ColumnType<Date | null, Date | string | null, Date | string | null>;

interface WaiversTable {
  /** A `bigint`. */
  id: Generated<string>;
  service: string;
  environment: string;
  content: ColumnType<Waived, string, never>;
  state: Generated<WaiverState>;
  signatures: ColumnType<readonly WaiverSignature[], string | undefined, string>;
  since: Time;
  why: string | null;
  ended_at: Time;
  proposed_at: ColumnType<Date, never, never>;
  proposed_by: string;
  settled: Generated<boolean>;
  changes: Generated<number>;
}

export interface WaiversSchema {
  waivers: WaiversTable;
}

export type WaiverRow = Selectable<WaiversTable>;
