import type { ColumnType, Generated, Selectable } from "kysely";

/** The tables of migration 0006: the ledger, its tree, its keys and who else looks at it. */

type Big = ColumnType<string, never, never>;
type GeneratedTime = ColumnType<Date, never, never>;
type Time = ColumnType<Date, Date | string, Date | string>;

interface LedgerEntriesTable {
  entry: Big;
  operation: string;
  kind: string;
  stream: string;
  actor: string;
  commitment: Buffer;
  salt: Buffer | null;
  /** `json`: the text as it was written, parsed by the driver. */
  payload: ColumnType<Record<string, unknown> | null, string, null>;
  at: GeneratedTime;
}

interface LedgerQueueTable {
  entry: string;
  mark: Buffer | null;
}

/** What no server had written. */
interface LedgerRejectedTable {
  entry: string;
  operation: string | null;
  kind: string | null;
  stream: string | null;
  actor: string | null;
  commitment: Buffer | null;
  salt: Buffer | null;
  payload: ColumnType<unknown, string | null, never>;
  at: Time | null;
  rejected_at: GeneratedTime;
}

interface LedgerLeavesTable {
  index: string;
  entry: string;
  stream: string;
  sequence: string;
  previous: Buffer | null;
  time: Time;
  hash: Buffer;
}

interface LedgerNodesTable {
  level: number;
  index: string;
  hash: Buffer;
}

interface LedgerTreeTable {
  singleton: Generated<boolean>;
  log: Generated<number>;
  size: ColumnType<string, never, number | string>;
  root: Buffer;
  frontier: Buffer;
  last_time: Time | null;
  behind: string | null;
  mark: Buffer | null;
}

interface LedgerCheckpointsTable {
  log: number;
  size: ColumnType<string, string | number, never>;
  root: Buffer;
  note: string;
  at: GeneratedTime;
}

interface LedgerPeopleTable {
  pseudonym: string;
  person: string | null;
  since: GeneratedTime;
  erased_at: Time | null;
  /** Key of the digest under which the log has the name; null once erased, and for rows from before. */
  nonce: Buffer | null;
  changes: Generated<number>;
}

interface LedgerKeysTable {
  key_id: string;
  use: "log" | "evidence";
  public_key: Buffer;
  sealed: Buffer | null;
  added_at: GeneratedTime;
  signs_until: Time | null;
  retired_at: Time | null;
  compromised_at: Time | null;
  trusted_size: ColumnType<string | null, string | number | null, string | number | null>;
  changes: Generated<number>;
}

interface LedgerWitnessesTable {
  name: string;
  key: string;
  url: string;
  operator: string;
  added_at: GeneratedTime;
  removed_at: Time | null;
}

interface LedgerCosignaturesTable {
  log: number;
  size: ColumnType<string, string | number, never>;
  witness: string;
  line: string;
  at: GeneratedTime;
}

interface LedgerAnchorsTable {
  name: string;
  kind: string;
  settings: ColumnType<Record<string, unknown>, string, string>;
  added_at: GeneratedTime;
  removed_at: Time | null;
}

interface LedgerAnchoredTable {
  anchor: string;
  log: number;
  size: ColumnType<string, string | number, never>;
  place: string;
  at: GeneratedTime;
}

export interface LedgerSchema {
  ledger_entries: LedgerEntriesTable;
  ledger_queue: LedgerQueueTable;
  ledger_rejected: LedgerRejectedTable;
  ledger_leaves: LedgerLeavesTable;
  ledger_nodes: LedgerNodesTable;
  ledger_tree: LedgerTreeTable;
  ledger_checkpoints: LedgerCheckpointsTable;
  ledger_people: LedgerPeopleTable;
  ledger_keys: LedgerKeysTable;
  ledger_witnesses: LedgerWitnessesTable;
  ledger_cosignatures: LedgerCosignaturesTable;
  ledger_anchors: LedgerAnchorsTable;
  ledger_anchored: LedgerAnchoredTable;
}

export type PersonRow = Selectable<LedgerPeopleTable>;
export type LedgerKeyRow = Selectable<LedgerKeysTable>;
export type CheckpointRow = Selectable<LedgerCheckpointsTable>;
