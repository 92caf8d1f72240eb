import type { ColumnType, Generated, Kysely, Selectable, Transaction } from "kysely";
import type { Identified } from "../evidence/identify.ts";
import type { Configuration } from "../model/configuration.ts";
import type { Decision } from "../model/decision.ts";
import type { Document } from "../model/pipeline.ts";
import type { Plan } from "../model/plan.ts";
import type { Colour, Digest } from "../model/primitives.ts";
import type { DesiredOutcome, PromotionState, StepState } from "../model/promotion.ts";
import type { Release } from "../model/release.ts";
import type { KeptReport } from "../model/verdict.ts";
import type { ApprovalsSchema } from "./schema-approvals.ts";
import type { AuditSchema } from "./schema-audit.ts";
import type { ContradictionsSchema } from "./schema-contradictions.ts";
import type { ManualSchema } from "./schema-manual.ts";
import type { EngagementsSchema } from "./schema-engagements.ts";
import type { FeedsSchema } from "./schema-feeds.ts";
import type { FindingsSchema } from "./schema-findings.ts";
import type { PeopleSchema } from "./schema-people.ts";
import type { PolicySchema } from "./schema-policy.ts";
import type { StopsSchema } from "./schema-stops.ts";
import type { SecuritySchema } from "./schema-security.ts";
import type { SignalsSchema } from "./schema-signals.ts";
import type { LedgerSchema } from "./schema-ledger.ts";
import type { WaiversSchema } from "./schema-waivers.ts";
import type { BreakGlassSchema } from "./schema-break-glass.ts";

/** The tables of src/store/migrations as kysely sees them. Times are set by the database's clock. */

/** `jsonb`: parsed when read; written as JSON text, because the driver turns arrays into PostgreSQL's own. */
type Json<T> = ColumnType<T, string, string>;
/** A `bigint` that the database counts up: text in JavaScript, because it may not fit in a number. */
type Big = ColumnType<string, never, never>;
type GeneratedTime = ColumnType<Date, never, never>;
type Time = ColumnType<Date, Date | string, Date | string>;

interface StoreTable {
  singleton: Generated<boolean>;
  store_id: Generated<string>;
  incarnation: Generated<number>;
  incarnation_since: Generated<Date>;
  created_at: GeneratedTime;
  program_version: string | null;
  program_changes: Generated<number>;
}

interface EventsTable {
  written: Big;
  id: ColumnType<string | null, never, never>;
  at: GeneratedTime;
  kind: string;
  service: string | null;
  environment: string | null;
  promotion: string | null;
  message: string;
}

interface DocumentsTable {
  kind: "Pipeline" | "Environment";
  name: string;
  version: number;
  digest: Digest;
  content: Json<Document>;
  file: string;
  applied_at: GeneratedTime;
  applied_by: string;
  removed_at: Time | null;
  changes: Generated<number>;
}

interface ReleasesTable {
  id: Digest;
  service: string;
  version: string;
  content: Json<Release>;
  created_at: GeneratedTime;
  created_by: string;
}

interface ReleaseCommitsTable {
  release: Digest;
  revision: string;
  position: number;
  subject: string;
  author: string;
  at: Time;
}

interface ConfigurationsTable {
  service: string;
  environment: string;
  version: number;
  digest: Digest;
  content: Json<Configuration>;
  created_at: GeneratedTime;
  created_by: string;
}

interface LanesTable {
  service: string;
  environment: string;
  live_colour: Colour | null;
  live_release: Digest | null;
  live_configuration: Digest | null;
  live_promotion: string | null;
  live_since: Time | null;
  old_colour: Colour | null;
  old_release: Digest | null;
  old_configuration: Digest | null;
  old_promotion: string | null;
  retire_at: Time | null;
  epoch: Generated<number>;
  lease_holder: string | null;
  lease_expires: Time | null;
  fence_problem: string | null;
  removed_at: Time | null;
  changes: Generated<number>;
}

interface PromotionsTable {
  id: string;
  sequence: Big;
  kind: "promotion" | "rollback";
  service: string;
  environment: string;
  release: Digest;
  configuration: Digest;
  configuration_version: number;
  plan_format: number;
  plan: Json<Plan>;
  plan_digest: Digest;
  state: PromotionState;
  desired: Generated<DesiredOutcome>;
  desired_by: string | null;
  step_index: Generated<number>;
  ending: "failed" | "rolled-back" | "aborted" | null;
  ending_message: string | null;
  compensation_index: Generated<number>;
  wait_reason: string | null;
  wait_who: string | null;
  wait_until: Time | null;
  paused_since: Time | null;
  wake_at: Time | null;
  deadline: Time | null;
  message: Generated<string>;
  reason: Generated<string>;
  retry_of: string | null;
  idempotency_key: string | null;
  measured: Json<Measured> | null;
  created_at: GeneratedTime;
  created_by: string;
  started_at: Time | null;
  ended_at: Time | null;
  changes: Generated<number>;
}

/** S0-21: milliseconds from the server's accepting a rollback. Null where no request arrived to measure. */
export interface Measured {
  readonly switchedMs: number;
  readonly firstOldMs: number | null;
  readonly lastNewMs: number | null;
}

interface PromotionStepsTable {
  promotion: string;
  index: number;
  kind: string;
  title: string;
  state: StepState;
  attempts: Generated<number>;
  started_at: Time | null;
  ended_at: Time | null;
  message: Generated<string>;
  detail: Json<Record<string, unknown>> | null;
  changes: Generated<number>;
}

interface CheckRunsTable {
  id: string;
  promotion: string;
  step: number;
  attempt: number;
  name: string;
  uses: string;
  phase: "static" | "deployed" | "live";
  release: Digest;
  configuration: Digest;
  colour: Colour | null;
  generation: string | null;
  identity: "none" | "bound" | "native";
  report: Json<KeptReport> | null;
  /** No promotion waits for it: whoever holds it carries it out. */
  out_of_band: Generated<boolean>;
  holder: string | null;
  holder_until: Time | null;
  /** When its answer was weighed after its promotion had ended. */
  weighed_at: Time | null;
  /** Why it was begun on what is live; null for a run of its promotion. */
  rescan: string | null;
  started_at: Generated<Date>;
  ended_at: Time | null;
}

interface EnvironmentLeasesTable {
  environment: string;
  promotion: string;
  check: string;
  since: GeneratedTime;
}

interface RawReportsTable {
  digest: Digest;
  content: Buffer;
  added_at: GeneratedTime;
}

interface DecisionsTable {
  promotion: string;
  step: number;
  decision: Json<Decision>;
  at: Generated<Date>;
}

interface DeploymentsTable {
  id: Big;
  service: string;
  environment: string;
  release: Digest;
  configuration: Digest;
  configuration_version: number;
  colour: Colour;
  promotion: string;
  kind: "promotion" | "rollback";
  from_at: Time;
  until_at: Time | null;
  by_actor: string;
  verified_at: Time | null;
  revoked_at: Time | null;
  revoked_reason: string | null;
  /** What was decided again and denied, by what came later; null: nothing is known against it. */
  contradicted_at: Time | null;
  contradicted_reason: string | null;
  changes: Generated<number>;
}

interface AgentsTable {
  agent_id: string;
  public_key: string;
  first_seen: GeneratedTime;
  imported_sequence: Generated<number>;
  imported_hash: Generated<string>;
}

interface AgentJournalTable {
  agent_id: string;
  sequence: ColumnType<number, number, never>;
  at: Time;
  kind: string;
  lane: string | null;
  operation: string | null;
  detail: Json<Record<string, unknown>>;
  previous: string;
  signature: string;
  imported_at: GeneratedTime;
}

interface AttestationsTable {
  release: Digest;
  digest: Digest;
  format: AttestationFormat;
  predicate_type: string | null;
  origin: "own" | "made" | "given";
  about: string | null;
  size: number;
  content: Buffer | null;
  added_at: GeneratedTime;
  added_by: string;
  erased_at: Time | null;
}

/** How the bytes of an attestation are to be read. */
export type AttestationFormat = Identified["format"] | "webauthn";

/** Ciphertext of the local secret store. */
interface SecretsTable {
  service: string;
  environment: string;
  name: string;
  version: number;
  key_id: string;
  sealed: Buffer;
  created_at: GeneratedTime;
  created_by: string;
}

export interface Schema
  extends
    LedgerSchema,
    ApprovalsSchema,
    AuditSchema,
    ContradictionsSchema,
    ManualSchema,
    SignalsSchema,
    FindingsSchema,
    FeedsSchema,
    EngagementsSchema,
    WaiversSchema,
    BreakGlassSchema,
    SecuritySchema,
    PeopleSchema,
    PolicySchema,
    StopsSchema {
  store: StoreTable;
  events: EventsTable;
  documents: DocumentsTable;
  releases: ReleasesTable;
  release_commits: ReleaseCommitsTable;
  configurations: ConfigurationsTable;
  lanes: LanesTable;
  promotions: PromotionsTable;
  promotion_steps: PromotionStepsTable;
  check_runs: CheckRunsTable;
  raw_reports: RawReportsTable;
  environment_leases: EnvironmentLeasesTable;
  decisions: DecisionsTable;
  deployments: DeploymentsTable;
  agents: AgentsTable;
  agent_journal: AgentJournalTable;
  attestations: AttestationsTable;
  secrets: SecretsTable;
}

/** A query may run alone or inside a transaction. */
export type Db = Kysely<Schema>;
export type Tx = Transaction<Schema>;

export type LaneRow = Selectable<LanesTable>;
export type PromotionRow = Selectable<PromotionsTable>;
export type StepRow = Selectable<PromotionStepsTable>;
export type CheckRunRow = Selectable<CheckRunsTable>;
export type DeploymentRow = Selectable<DeploymentsTable>;
export type DocumentRow = Selectable<DocumentsTable>;
export type ReleaseRow = Selectable<ReleasesTable>;
export type ConfigurationRow = Selectable<ConfigurationsTable>;
export type AttestationRow = Selectable<AttestationsTable>;
