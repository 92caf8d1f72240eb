import { randomBytes } from "node:crypto";
import Fastify, { type FastifyInstance, type RouteOptions } from "fastify";
import { serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import type { ContentStore } from "../ports/content-store.ts";
import type { ControlPlane } from "../ports/control-plane.ts";
import { anywhere } from "../model/permissions.ts";
import { principalOf, registerAccess } from "./access.ts";
import { registerAccessLog } from "./access-log.ts";
import { registerAuditPacks } from "./files/audit-packs.ts";
import { registerBlobs } from "./files/blobs.ts";
import { registerErrors, answerFrameworkError } from "./errors.ts";
import { registerFindingUploads } from "./files/finding-uploads.ts";
import { handlers } from "./handlers.ts";
import { registerLedgerEntries, registerPublicLedger } from "./files/ledger-files.ts";
import { registerPasskeys } from "./sign-in/passkey-routes.ts";
import { registerHealth } from "./health.ts";
import { registerOpenapi } from "./openapi.ts";
import { Calls } from "./metrics/calls.ts";
import { countCalls, registerMetrics } from "./metrics/register.ts";
import type { LogLine, ServerLog } from "./log.ts";
import { registerRoutes } from "./routes.ts";
import { registerSessions } from "./sign-in/session-routes.ts";
import { registerSecurityHeaders } from "./security-headers.ts";
import { requireKnownHost } from "./host-check.ts";
import { Budget } from "./limits/budget.ts";
import { type LimitRules, Limits } from "./limits/limits.ts";
import { registerSlowBodies } from "./limits/slow-bodies.ts";
import { registerStrictJson } from "./limits/strict-json.ts";
import { requireSafePath } from "./network/client.ts";
import { noProxies, type TrustedProxies } from "./network/proxies.ts";
import { requireToken } from "./sign-in/token-check.ts";
import { registerStaticFiles, type StaticFiles } from "./files/static-files.ts";
import { registerStreams } from "./streams.ts";
import { registerProviderSignIn } from "./sign-in/provider-routes.ts";
import { registerWorkloadToken } from "./sign-in/workload-token.ts";

/** Everything the HTTP server needs to know; `main.ts` fills it from the real parts, tests from fakes. */
export interface ServerParts {
  readonly controlPlane: ControlPlane;
  readonly content: ContentStore;
  readonly identity: ServerIdentity;
  /** The bootstrap token; compared in constant time, never logged. Null: it has ended. */
  readonly token: string | null;
  /** By which whoever owns the machine stops the server (`machineOwner`). */
  readonly machineKey?: string;
  /** Host names, besides the loopback ones, under which this server may be addressed. */
  readonly hostNames: readonly string[];
  /** Whose X-Forwarded-* headers count; nobody's when left out. */
  readonly proxies?: TrustedProxies;
  readonly limits?: LimitRules;
  /** The dashboard's built files; null when it was not built. */
  readonly files: StaticFiles | null;
  readonly log: ServerLog;
  /** Called after the answer to `server stop` and `down` has left. */
  readonly stop: (reason: string) => void;
  /** Bytes of one artifact that `PUT /api/v1/blobs/:digest` takes, and of one report of a scanner. */
  readonly blobLimitBytes?: number;
  /** A stream without events says that it is alive this often. */
  readonly heartbeatMs?: number;
  /** Told after every sign-in: the bootstrap token may have ended by it. */
  readonly onSignIn?: () => void;
  /** Told of every route that is registered. */
  readonly onRoute?: (route: RouteOptions) => void;
}

/** What the server says of itself; `url` is known once it listens. */
export interface ServerIdentity {
  readonly version: string;
  readonly dataDir: string;
  readonly database: "embedded" | "external";
  readonly startedAt: string;
  url: string;
}

/** Bytes of a JSON body: a release with thousands of commits fits, a flood does not. */
const jsonLimitBytes = 8 * 1024 * 1024;

/**
 * The HTTP server over a control plane: one table of routes, one mechanism. Order matters: who is
 * addressed (DNS rebinding), who asks (token), then what is asked (schemas).
 */
export async function buildApp(parts: ServerParts): Promise<FastifyInstance> {
  const proxies = parts.proxies ?? noProxies;
  const app = Fastify({
    logger: false,
    bodyLimit: jsonLimitBytes,
    routerOptions: { maxParamLength: 300 },
    trustProxy: proxies.trusts,
    // While we stop, connections that are still open are served like before; new ones find nobody.
    return503OnClosing: false,
    // A HEAD of an event stream must not start one.
    exposeHeadRoutes: false,
    // Half an hour for the slowest upload; headers have Node's own minute.
    requestTimeout: 1_800_000,
    genReqId: () => randomBytes(6).toString("hex"),
    frameworkErrors: answerFrameworkError,
  });
  // JSON only: a form of another site can send `text/plain` without asking the browser first.
  app.removeContentTypeParser("text/plain");
  registerStrictJson(app);
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);

  registerSecurityHeaders(app);
  registerErrors(app, parts.log);
  app.addHook("onRequest", requireSafePath(proxies));
  app.addHook("onRequest", requireKnownHost(parts.hostNames));
  if (parts.onRoute) app.addHook("onRoute", parts.onRoute);
  const limits = new Limits(parts.token, parts.limits);
  limits.register(app);
  registerSlowBodies(app);
  registerAccess(
    app,
    parts.controlPlane.access,
    limits.guard(requireToken(parts.controlPlane.access, parts.token, parts.machineKey)),
  );
  const quiet = new Budget({ perSecond: 1, burst: 100 });
  app.addHook("onResponse", async (request, reply) => {
    // What strangers ask fills no log: the access log counts it.
    if (principalOf(request) === undefined && quiet.take("strangers") > 0) return;
    parts.log.info("request", {
      id: request.id,
      method: request.method,
      // The pattern, not the address: names of secrets and query strings stay out of the log.
      route: request.routeOptions.url ?? "(none)",
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
    } satisfies LogLine);
  });

  const calls = new Calls();
  countCalls(app, calls);

  await registerOpenapi(app, parts.identity.version);
  registerHealth(app, parts.controlPlane);
  registerPublicLedger(app, parts);
  registerWorkloadToken(app, parts);
  registerProviderSignIn(app, parts);
  await app.register(async (api) => {
    registerAccessLog(api, parts);
    registerRoutes(api, handlers(parts));
    registerSessions(api, parts);
    registerPasskeys(api, parts);
    registerStreams(api, parts);
    registerAuditPacks(api, parts);
    registerMetrics(api, calls, parts.controlPlane);
    registerLedgerEntries(api, parts);
    api.get(
      "/api/v1/openapi.json",
      {
        schema: { hide: true } as object,
        config: { access: { permission: "server.read", resource: anywhere } },
      },
      () => app.swagger(),
    );
    await api.register(async (blobs) => registerBlobs(blobs, parts));
    await api.register(async (uploads) => registerFindingUploads(uploads, parts));
  });
  registerStaticFiles(app, parts.files);
  return app;
}
