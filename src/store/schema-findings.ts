import type { ColumnType, Generated, Selectable } from "kysely";
import type { FindingStatus, ImportTrust } from "../model/finding.ts";
import type { FindingKind, Observation, ObservationPlace, Severity } from "../model/observation.ts";
import type { Digest } from "../model/primitives.ts";

/** The tables of findings: migrations 0022 and later. */

type Json<T> = ColumnType<T, string, string>;
type GeneratedTime = ColumnType<Date, Date | string | undefined, never>;
type Time = ColumnType<Date, Date | string, Date | string>;
/** A `bigint`: text in JavaScript. */
type Big = ColumnType<string, string | number | undefined, never>;

interface FindingImportsTable {
  id: string;
  number: ColumnType<string, never, never>;
  service: string;
  environment: string | null;
  release: Digest | null;
  scope: string;
  subject: string;
  format: string;
  tool: string;
  tool_version: string;
  trust: ImportTrust;
  vouched_by: string | null;
  check_run: string | null;
  report_digest: Digest;
  report_bytes: Big;
  complete: boolean;
  missing: string;
  made_at: Time | null;
  observations: number;
  opened: number;
  reopened: number;
  matched: number;
  unseen: number;
  claims: number;
  notes: Generated<string[]>;
  /** Set by `sealImport`, when all that it wrote is there. */
  changes_digest: Generated<string>;
  observations_digest: Generated<string>;
  fingerprints_digest: Generated<string>;
  claims_digest: Generated<string>;
  at: GeneratedTime;
  added_by: string;
}

interface FindingsTable {
  id: Big;
  service: string;
  environment: string | null;
  kind: FindingKind;
  rule: string;
  title: string;
  place: Json<ObservationPlace>;
  severity: Severity;
  severity_stated: boolean;
  said_severity: Severity | null;
  urgency: Generated<number>;
  status: Generated<FindingStatus>;
  aliases: string[];
  cwe: number[];
  tools: string[];
  details: Json<Readonly<Record<string, unknown>>>;
  drift: ColumnType<readonly (readonly [string, string])[], string | undefined, string>;
  ids: Generated<string[]>;
  trusted: Generated<boolean>;
  first_seen: Time;
  first_environment: string | null;
  first_release: Digest | null;
  verified_release: Digest | null;
  fixed_at: Time | null;
  verified_at: Time | null;
  closed_at: Time | null;
  reopened: Generated<number>;
  assignee: string | null;
  due_at: Time | null;
  paused: string | null;
  paused_at: Time | null;
  /** Of its CVEs the highest; null is unknown, not zero. */
  epss: number | null;
  /** Null: no catalogue was imported. */
  known_exploited: boolean | null;
  urgency_why: Generated<string>;
  /** Computed by the database, for numbers: see `0059-finding-groups.sql`. */
  figure: ColumnType<string, never, never>;
  ageing: ColumnType<number, never, never>;
  changes: Generated<number>;
}

/** What changes with every sight of it. */
interface FindingSightsTable {
  finding: Big;
  last_seen: Time;
  last_release: Digest | null;
  /** Of its newest observation: its place for other tools. */
  spot: string | null;
}

interface FindingFingerprintsTable {
  service: string;
  algorithm: string;
  value: string;
  finding: Big;
  /** That brought it. */
  import: string;
}

interface FindingScopesTable {
  finding: Big;
  scope: string;
  tool: string;
  first_import: string;
  last_import: string;
  severity: Severity;
  seen: Generated<boolean>;
}

interface ObservationsTable {
  import: string;
  ordinal: number;
  finding: Big;
  severity: Severity;
  content: Json<Observation>;
}

interface FindingChangesTable {
  id: Big;
  finding: Big;
  import: string | null;
  act: string | null;
  kind: string;
  from_status: FindingStatus | null;
  to_status: FindingStatus | null;
  detail: Json<Readonly<Record<string, unknown>>>;
  at: GeneratedTime;
}

interface FindingActsTable {
  id: string;
  /** Null: about many at once. */
  finding: ColumnType<string | null, string | number | null | undefined, never>;
  service: Generated<string>;
  kind: string;
  content: Json<Readonly<Record<string, unknown>>>;
  confirms: string | null;
  /** Set by `sealAct`. */
  changes_digest: Generated<string>;
  at: GeneratedTime;
  acted_by: string;
}

interface FindingClaimsTable {
  import: string;
  ordinal: number;
  finding: Big | null;
  status: string;
  content: Json<Observation>;
  trusted: boolean;
}

interface FindingSkippedRunsTable {
  check_run: string;
  why: string;
  at: GeneratedTime;
  /** 0: there was nothing to take in. */
  tries: Generated<number>;
  given_up: Generated<boolean>;
}

interface FindingSweepsTable {
  service: string;
  environment: string;
  release: Digest | null;
  import: Big;
  at: GeneratedTime;
}

interface FindingLiveTable {
  environment: string;
  finding: Big;
  service: string;
}

interface FindingLiveMarksTable {
  service: string;
  live: string;
  import: Big;
}

export interface FindingsSchema {
  finding_live: FindingLiveTable;
  finding_live_marks: FindingLiveMarksTable;
  finding_imports: FindingImportsTable;
  findings: FindingsTable;
  finding_sights: FindingSightsTable;
  finding_fingerprints: FindingFingerprintsTable;
  finding_scopes: FindingScopesTable;
  observations: ObservationsTable;
  finding_changes: FindingChangesTable;
  finding_acts: FindingActsTable;
  finding_claims: FindingClaimsTable;
  finding_skipped_runs: FindingSkippedRunsTable;
  finding_sweeps: FindingSweepsTable;
}

export type FindingImportRow = Selectable<FindingImportsTable>;
export type FindingRow = Selectable<FindingsTable>;
/** With when and in what it was seen last. */
export type SeenFindingRow = FindingRow &
  Pick<Selectable<FindingSightsTable>, "last_seen" | "last_release">;
export type FindingActRow = Selectable<FindingActsTable>;
