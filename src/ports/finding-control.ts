import type { Page } from "../model/principal.ts";
import type { z } from "zod";
import type {
  findingFilter,
  FindingSummary,
  FindingView,
  ImportOptions,
  ImportView,
  MissingReport,
  ProposalView,
} from "../api/views/finding.ts";
import type { FindingMetrics, metricsFilter } from "../api/views/finding-metrics.ts";
import type { FindingAct } from "../model/finding-act.ts";
import type { FindingId } from "../model/finding.ts";
import type { Actor } from "./control-plane.ts";

export type FindingFilter = z.output<z.ZodObject<typeof findingFilter>>;

export type MetricsFilter = z.output<z.ZodObject<typeof metricsFilter>>;

/** Findings: what reports say, and what people say of it. */
export interface FindingControl {
  /**
   * Takes a report in, whole or not at all. The bytes are hostile and of any length. Throws `invalid-input` with format
   * and position.
   */
  importReport(
    actor: Actor,
    service: string,
    options: z.output<typeof ImportOptions>,
    bytes: AsyncIterable<Uint8Array>,
  ): Promise<ImportView>;
  imports(service: string, limit: number): Promise<readonly ImportView[]>;
  /** Reports of Tidelock's own scans that are not among the findings, newest first. */
  missing(service: string, limit: number): Promise<readonly MissingReport[]>;
  /** Tries one of those again, now. Throws `not-found`, and what speaks against it where it cannot be taken in. */
  retry(actor: Actor, service: string, run: string): Promise<ImportView>;
  /** Most urgent first. */
  list(
    filter: FindingFilter,
    page: { readonly limit: number; readonly after?: string | undefined },
  ): Promise<{ items: FindingSummary[]; total: number; next: string | null }>;
  /** The same, each with all that is known of it. */
  details(
    filter: FindingFilter,
    page: { readonly limit: number; readonly after?: string | undefined },
  ): Promise<{ items: FindingView[]; total: number; next: string | null }>;
  show(id: FindingId): Promise<FindingView>;
  metrics(filter: MetricsFilter): Promise<FindingMetrics>;
  /**
   * What somebody says of a finding. A judgement (false positive, less bad) is only proposed by it. Throws `conflict`
   * when the finding was changed since `changes`, or stands where the act does not lead on.
   */
  act(
    actor: Actor,
    id: FindingId,
    act: FindingAct,
    changes?: number,
  ): Promise<{ act: string; proposal: ProposalView | null }>;
  /** A person's signature under a proposal; the second person's puts it in force. */
  consent(actor: Actor, proposal: string, envelope: Uint8Array): Promise<ProposalView>;
  proposals(
    filter: { service?: string | undefined; state: "waiting" | "any" } & Page,
  ): Promise<readonly ProposalView[]>;
}
