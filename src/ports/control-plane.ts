import type { AuditPackRequest } from "../api/audit.ts";
import type { AccessView, ReleaseChangesView } from "../api/views/change.ts";
import type { ReleaseChainView } from "../api/routes/chain.ts";
import type { Configuration } from "../model/configuration.ts";
import type { Colour, Digest, Lane } from "../model/primitives.ts";
import type { Page, Principal, Sight } from "../model/principal.ts";
import type { Release } from "../model/release.ts";
import type { AccessControl } from "./access-control.ts";
import type { IdentityControl } from "./identity-control.ts";
import type { WorkloadControl } from "./workload-control.ts";
import type { AccountControl } from "./account-control.ts";
import type { ApprovalControl } from "./approval-control.ts";
import type { PasskeyControl } from "./passkey-control.ts";
import type { ReviewControl } from "./review-control.ts";
import type { CatalogueControl } from "./catalogue-control.ts";
import type { CheckControl } from "./check-control.ts";
import type { HostReviewControl } from "./host-review-control.ts";
import type { EngagementControl } from "./engagement-control.ts";
import type { FeedControl } from "./feed-control.ts";
import type { BreakGlassControl } from "./break-glass-control.ts";
import type { WaiverControl } from "./waiver-control.ts";
import type { FindingControl } from "./finding-control.ts";
import type { GateControl } from "./gate-control.ts";
import type { AppliedDocuments } from "../api/routes/policy.ts";
import type { PolicyControl } from "./policy-control.ts";
import type { PeopleControl } from "./people-control.ts";
import type { ServiceSecurityControl } from "./service-security-control.ts";
import type { StopControl } from "./stop-control.ts";
import type { SignalControl } from "./signal-control.ts";
import type { LedgerControl } from "./ledger-control.ts";
import type {
  AttestationView,
  ConfigurationView,
  DeploymentView,
  ErasureView,
  EventView,
  HoldView,
  LaneView,
  LogLineView,
  PlanView,
  PromotionView,
  ReleaseView,
  TraceView,
} from "../api/views.ts";

import type { LedgerOutside } from "./ledger-outside.ts";

/** Who asks: `id` is shown in records. */
export interface Actor {
  readonly id: string;
  /** Absent: a program of ours. */
  readonly principal?: Principal;
}

type PromotionSummary = Omit<PromotionView, "steps" | "checks" | "decision">;

/** Counts, and ages in seconds (null: of nothing). No name of anybody or anything. */
export interface Figures {
  readonly people: {
    readonly browsers: number;
    readonly terminals: number;
    readonly locked: number;
    readonly failures: number;
  };
  readonly approvals: { readonly waiting: number; readonly oldest: number | null };
  readonly lanes: {
    readonly queued: number | null;
    readonly leased: number | null;
    readonly leases: number;
  };
  readonly ledger: {
    readonly size: number | null;
    readonly head: number | null;
    readonly queued: number;
  };
  /** By state; a state that is missing has none. */
  readonly promotions: Readonly<Record<string, number>>;
}

/**
 * What the engine offers to the HTTP server (and to nobody else). Methods throw `TidelockError`; the
 * server maps `code` to a status. Nothing is half-applied when one throws.
 */
export interface ControlPlane {
  readonly ledger: LedgerControl;
  readonly checks: CheckControl;
  readonly people: PeopleControl;
  readonly access: AccessControl;
  readonly workload: WorkloadControl;
  readonly reviews: ReviewControl;
  readonly catalogue: CatalogueControl;
  readonly identities: IdentityControl;
  readonly accounts: AccountControl;
  readonly passkeys: PasskeyControl;
  readonly feeds: FeedControl;
  readonly engagements: EngagementControl;
  readonly hostReviews: HostReviewControl;
  readonly stops: StopControl;
  readonly waivers: WaiverControl;
  readonly approvals: ApprovalControl;
  readonly breakGlass: BreakGlassControl;
  readonly security: ServiceSecurityControl;
  readonly signals: SignalControl;
  readonly findings: FindingControl;
  readonly policy: PolicyControl;
  readonly gates: GateControl;
  applyDocuments(actor: Actor, file: string, text: string): Promise<AppliedDocuments>;
  listPipelines(): Promise<
    readonly { name: string; digest: Digest; version: number; environments: string[] }[]
  >;

  createRelease(actor: Actor, release: Release): Promise<ReleaseView>;
  listReleases(filter: { service?: string } & Page): Promise<readonly ReleaseView[]>;
  showRelease(service: string, reference: string): Promise<ReleaseView>;
  attestRelease(
    actor: Actor,
    of: { service: string; release: string; digest: Digest },
  ): Promise<AttestationView>;
  releaseEvidence(
    service: string,
    reference: string,
  ): Promise<{ id: Digest; release: Release; attestations: AttestationView[] }>;
  /** Bytes in base64. */
  attestationContent(
    service: string,
    reference: string,
    digest: Digest,
  ): Promise<{ digest: Digest; content: string }>;
  /** Writes one call down; `actor` null: nobody was authenticated. */
  noteAccess(event: {
    readonly actor: string | null;
    readonly action: string;
    readonly target: string;
    readonly outcome: string;
  }): Promise<void>;
  listAccess(limit: number): Promise<AccessView>;
  /** Everybody who had a hand in a release, and whether that is shown. */
  releaseChain(service: string, reference: string): Promise<ReleaseChainView>;
  releaseChanges(service: string, reference: string): Promise<ReleaseChangesView>;
  liveRevision(service: string): Promise<string | null>;
  trace(revision: string): Promise<readonly TraceView[]>;

  /** `basedOn`: the version it was made from, 0 for none; throws `conflict` when there is a newer one. */
  applyConfiguration(
    actor: Actor,
    configuration: Configuration,
    basedOn?: number,
  ): Promise<ConfigurationView>;
  showConfiguration(lane: Lane, version?: number): Promise<ConfigurationView>;
  putSecret(
    actor: Actor,
    lane: Lane,
    name: string,
    value: string,
  ): Promise<{ name: string; version: string }>;
  listSecrets(lane: Lane): Promise<readonly { name: string; version: string; createdAt: string }[]>;

  plan(request: { service: string; release: string; environment: string }): Promise<PlanView>;
  promote(
    actor: Actor,
    request: { service: string; release: string; environment: string; idempotencyKey?: string },
  ): Promise<PromotionView>;
  rollback(
    actor: Actor,
    lane: Lane,
    request: { to?: string; reason: string },
  ): Promise<PromotionView>;
  listPromotions(
    filter: { service?: string; environment?: string } & Page,
  ): Promise<readonly PromotionSummary[]>;
  showPromotion(id: string): Promise<PromotionView>;
  abort(actor: Actor, id: string): Promise<PromotionView>;
  retry(actor: Actor, id: string): Promise<PromotionView>;

  status(filter: { service?: string }): Promise<readonly LaneView[]>;
  listDeployments(
    filter: { service?: string; environment?: string; at?: string } & Page,
  ): Promise<readonly DeploymentView[]>;
  stopService(actor: Actor, lane: Lane): Promise<string>;
  removeService(actor: Actor, service: string): Promise<string>;
  /** Stops every service and the agent of this data directory. */
  down(actor: Actor): Promise<string>;
  /** Says in the ledger what whoever owns the machine does next, without having signed in. */
  toldOnMachine(actor: Actor, what: "server-stop" | "down"): Promise<void>;
  /**
   * After a database was restored from a backup: declares it the truth, so that its fences are higher than
   * all that any agent has seen. Until then a promotion waits with a message that names this.
   */
  declareRestored(actor: Actor): Promise<string>;

  /** An audit pack as a zip. Appends the ends of the streams it holds, and waits until they are signed. */
  exportPack(
    actor: Actor,
    request: AuditPackRequest,
  ): Promise<{ readonly name: string; readonly zip: Uint8Array }>;

  /** What one person asks for and another confirms. */
  requestErasure(
    actor: Actor,
    wish: { readonly entry: number } | { readonly person: string },
    reason: string,
  ): Promise<ErasureView>;
  confirmErasure(actor: Actor, id: string): Promise<ErasureView>;
  listErasures(): Promise<readonly ErasureView[]>;
  /** Legal holds; `stream` null: everything. */
  addHold(actor: Actor, stream: string | null, reason: string): Promise<HoldView>;
  removeHold(actor: Actor, id: string): Promise<HoldView>;
  listHolds(): Promise<readonly HoldView[]>;

  readonly outside: LedgerOutside;

  readLogs(request: {
    lane: Lane;
    colour: Colour;
    process: string | null;
    tail: number;
    cursor: string | null;
    waitMs: number;
  }): Promise<{ lines: readonly LogLineView[]; cursor: string }>;
  /** Events after `id`, oldest first; answers late (up to `waitMs`) when there are none yet. */
  events(request: {
    after: number;
    service?: string;
    promotion?: string;
    waitMs: number;
    limit: number;
    /** Default: everything, and what is of no service. */
    sees?: Sight;
  }): Promise<readonly EventView[]>;
  /** Id of the newest event: where a new stream starts. */
  lastEventId(): Promise<number>;
  /** What `/readyz` and `serverInfo` say of the parts. */
  /** For monitoring. */
  figures(): Promise<Figures>;
  health(): Promise<{
    database: boolean;
    agent: { connected: boolean; isolation: string; reason: string | null };
  }>;
  /** Why nothing is written or decided here until somebody recovers the ledger; null when all is well. */
  readOnly(): Promise<string | null>;
}
