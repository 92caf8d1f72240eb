import { After, page } from "./page.ts";
import { z } from "zod";
import {
  anywhere,
  at,
  everything,
  found,
  inLane,
  listed,
  wholeService,
} from "../model/permissions.ts";
import { Configuration } from "../model/configuration.ts";
import { Colour, Digest, Name } from "../model/primitives.ts";
import { accessRoutes } from "./routes/access.ts";
import { federationRoutes } from "./routes/federation.ts";
import { accountRoutes } from "./routes/accounts.ts";
import { passkeyRoutes } from "./routes/passkeys.ts";
import { approvalRoutes } from "./routes/approvals.ts";
import { checkRoutes } from "./routes/checks.ts";
import { stopRoutes } from "./routes/stops.ts";
import { hostReviewRoutes } from "./routes/host-reviews.ts";
import { engagementRoutes } from "./routes/engagements.ts";
import { feedRoutes } from "./routes/feeds.ts";
import { gateRoutes } from "./routes/gate.ts";
import { findingRoutes } from "./routes/findings.ts";
import { ledgerRoutes } from "./routes/ledger.ts";
import { manualRoutes } from "./routes/manual.ts";
import { reviewRoutes } from "./routes/reviews.ts";
import { catalogueRoutes } from "./routes/catalogue.ts";
import { chainRoutes } from "./routes/chain.ts";
import { peopleRoutes } from "./routes/people.ts";
import { AppliedDocuments, policyRoutes } from "./routes/policy.ts";
import { releaseRoutes } from "./routes/releases.ts";
import { securityRoutes } from "./routes/security.ts";
import { signalRoutes } from "./routes/signals.ts";
import { breakGlassRoutes } from "./routes/break-glass.ts";
import { waiverRoutes } from "./routes/waivers.ts";
import {
  ConfigurationView,
  DeploymentView,
  EventView,
  LaneView,
  LogLineView,
  PlanView,
  PromotionView,
  ServerInfoView,
} from "./views.ts";

/**
 * Every call of the HTTP API: method, path, and the schemas of what goes in and out. The server registers
 * this table, the OpenAPI document is made from it, and the CLI's client is typed by it. The log's files are
 * at `/ledger/` (see server/ledger-files.ts). All paths but `/healthz`, `/readyz` and the log's hashes want
 * `Authorization: Bearer <token>`. Errors are `ErrorView`.
 */

const list = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item) });
/** `1.4.2`, a release id, or a unique prefix of one of at least 8 hex digits. */
const ReleaseRef = z.string().min(1).max(128);
const laneParams = z.object({ service: Name, environment: Name });
const promotionParams = z.object({ id: z.string().min(1).max(64) });
const Done = z.object({ done: z.literal(true), message: z.string() });

export const routes = {
  ...ledgerRoutes,
  ...checkRoutes,
  ...manualRoutes,
  ...peopleRoutes,
  ...chainRoutes,
  ...catalogueRoutes,
  ...reviewRoutes,
  ...signalRoutes,
  ...feedRoutes,
  ...engagementRoutes,
  ...hostReviewRoutes,
  ...stopRoutes,
  ...waiverRoutes,
  ...approvalRoutes,
  ...breakGlassRoutes,
  ...securityRoutes,
  ...findingRoutes,
  ...policyRoutes,
  ...gateRoutes,
  ...releaseRoutes,
  ...accessRoutes,
  ...federationRoutes,
  ...accountRoutes,
  ...passkeyRoutes,

  serverInfo: {
    method: "GET",
    path: "/api/v1/server",
    permission: "server.read",
    resource: anywhere,
    response: ServerInfoView,
  },
  /** Ends this server process; services go on. */
  serverStop: {
    method: "POST",
    path: "/api/v1/server/stop",
    permission: "server.stop",
    resource: everything,
    response: Done,
  },
  /** After a restore from a backup: this database is the truth, over what any agent has seen. */
  serverRecover: {
    method: "POST",
    path: "/api/v1/server/recover",
    permission: "server.recover",
    resource: everything,
    response: Done,
  },
  /** Stops every service, router and agent of this data directory, then the server. */
  down: {
    method: "POST",
    path: "/api/v1/down",
    permission: "server.stop",
    resource: everything,
    response: Done,
  },

  /** The text of a tidelock.yaml, all documents, applied as one: everything or nothing. */
  pipelineApply: {
    method: "POST",
    path: "/api/v1/pipelines",
    permission: "pipeline.apply",
    resource: found("documents", "body.text"),
    body: z.object({ file: z.string(), text: z.string().max(256_000) }),
    response: AppliedDocuments,
  },
  pipelineList: {
    method: "GET",
    path: "/api/v1/pipelines",
    permission: "pipeline.read",
    resource: listed("name", null),
    response: list(
      z.object({ name: Name, digest: Digest, version: z.int(), environments: z.array(Name) }),
    ),
  },

  configurationApply: {
    method: "PUT",
    path: "/api/v1/configurations/:service/:environment",
    permission: "configuration.write",
    resource: inLane,
    params: laneParams,
    body: z.object({
      configuration: Configuration,
      /** The version that this one was made from, 0 for none: anything newer is a `conflict`. */
      basedOn: z.int().nonnegative().optional(),
    }),
    response: ConfigurationView,
  },
  configurationShow: {
    method: "GET",
    path: "/api/v1/configurations/:service/:environment",
    permission: "configuration.read",
    resource: inLane,
    params: laneParams,
    query: z.object({ version: z.coerce.number().int().positive().optional() }),
    response: ConfigurationView,
  },
  secretPut: {
    method: "PUT",
    path: "/api/v1/secrets/:service/:environment/:name",
    permission: "secret.write",
    resource: inLane,
    params: laneParams.extend({ name: z.string().min(1).max(256) }),
    body: z.object({ value: z.string().max(65_536) }),
    response: z.object({ name: z.string(), version: z.string() }),
  },
  secretList: {
    method: "GET",
    path: "/api/v1/secrets/:service/:environment",
    permission: "secret.list",
    resource: inLane,
    params: laneParams,
    response: list(z.object({ name: z.string(), version: z.string(), createdAt: z.string() })),
  },

  plan: {
    method: "POST",
    path: "/api/v1/plans",
    permission: "promotion.plan",
    resource: at("body.service", "body.environment"),
    body: z.object({ service: Name, release: ReleaseRef, environment: Name }),
    response: PlanView,
  },
  promotionCreate: {
    method: "POST",
    path: "/api/v1/promotions",
    permission: "promotion.start",
    resource: at("body.service", "body.environment"),
    body: z.object({
      service: Name,
      release: ReleaseRef,
      environment: Name,
      /** Sent again after a lost answer: the same key is the same promotion. */
      idempotencyKey: z
        .string()
        .min(8)
        .max(128)
        .refine((key) => !key.startsWith("auto/"), "keys under `auto/` are the server's own")
        .optional(),
    }),
    response: PromotionView,
  },
  promotionList: {
    method: "GET",
    path: "/api/v1/promotions",
    permission: "promotion.read",
    resource: listed(),
    query: z.object({
      service: Name.optional(),
      environment: Name.optional(),
      limit: z.coerce.number().int().min(1).max(500).default(50),
      after: After,
    }),
    response: page(PromotionView.omit({ steps: true, checks: true, decision: true })),
  },
  promotionShow: {
    method: "GET",
    path: "/api/v1/promotions/:id",
    permission: "promotion.read",
    resource: found("promotion", "params.id"),
    params: promotionParams,
    response: PromotionView,
  },
  promotionAbort: {
    method: "POST",
    path: "/api/v1/promotions/:id/abort",
    permission: "promotion.abort",
    resource: found("promotion", "params.id"),
    params: promotionParams,
    response: PromotionView,
  },
  promotionRetry: {
    method: "POST",
    path: "/api/v1/promotions/:id/retry",
    permission: "promotion.start",
    resource: found("promotion", "params.id"),
    params: promotionParams,
    response: PromotionView,
  },
  /** Back to the old colour when it still stands, else the last good release by evidence (S4-44). */
  rollback: {
    method: "POST",
    path: "/api/v1/lanes/:service/:environment/rollback",
    permission: "promotion.rollback",
    resource: inLane,
    params: laneParams,
    body: z.object({ to: ReleaseRef.optional(), reason: z.string().max(1000).default("") }),
    response: PromotionView,
  },

  status: {
    method: "GET",
    path: "/api/v1/status",
    permission: "service.read",
    resource: listed(),
    query: z.object({ service: Name.optional() }),
    /** `readOnly`: why what is shown may be older than what runs; null when it is not. */
    response: list(LaneView).extend({ readOnly: z.string().nullable() }),
  },
  deploymentList: {
    method: "GET",
    path: "/api/v1/deployments",
    permission: "service.read",
    resource: listed(),
    query: z.object({
      service: Name.optional(),
      environment: Name.optional(),
      /** Only what ran at that moment. */
      at: z.iso.datetime({ offset: true }).optional(),
      limit: z.coerce.number().int().min(1).max(500).default(50),
      after: After,
    }),
    response: page(DeploymentView),
  },
  serviceStop: {
    method: "POST",
    path: "/api/v1/lanes/:service/:environment/stop",
    permission: "service.stop",
    resource: inLane,
    params: laneParams,
    response: Done,
  },
  /** Stops it everywhere and forgets its lanes; releases and history stay. */
  serviceRemove: {
    method: "DELETE",
    path: "/api/v1/services/:service",
    permission: "service.remove",
    resource: wholeService,
    params: z.object({ service: Name }),
    response: Done,
  },

  /** Server-sent events when `follow` is true, else what there is. */
  logs: {
    method: "GET",
    path: "/api/v1/logs/:service/:environment/:colour",
    permission: "log.read",
    resource: inLane,
    params: laneParams.extend({ colour: Colour }),
    query: z.object({
      process: Name.optional(),
      tail: z.coerce.number().int().min(0).max(10_000).default(100),
      follow: z.stringbool().default(false),
    }),
    response: list(LogLineView),
  },
  /** Server-sent events, resumed after `Last-Event-ID`. */
  events: {
    method: "GET",
    path: "/api/v1/events",
    permission: "service.read",
    resource: listed(),
    query: z.object({ service: Name.optional(), promotion: z.string().optional() }),
    response: EventView,
  },
} as const;

export type Routes = typeof routes;
export type RouteName = keyof Routes;
