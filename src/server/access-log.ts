import type { FastifyInstance, FastifyRequest } from "fastify";
import { routes } from "../api/routes.ts";
import type { Principal } from "../model/principal.ts";
import type { ServerParts } from "./app.ts";
import { principalOf } from "./access.ts";

/** Attempts without a valid token that are written down in a minute; more are only counted. */
const strangersPerMinute = 30;

/**
 * Reading calls that are written down all the same: what they show is either confidential by itself, or tells
 * somebody who should not ask where to look. By the pattern of their path.
 */
export const sensitiveReads: ReadonlySet<string> = new Set([
  // Which secrets exist.
  routes.secretList.path,
  // What entries say: leaves in bundles, one opened with its payload.
  "/ledger/tile/entries/*",
  routes.ledgerProof.path,
  // Evidence as it was handed in or reported.
  routes.attestationContent.path,
  routes.checkRaw.path,
  // Who looked at who did what.
  routes.accessList.path,
]);

/**
 * Writes every call that may change something, every one that reads what is sensitive, and every refused one to the
 * access log. What fails to be written is said in the server's log; the answer has left by then.
 */
export function registerAccessLog(app: FastifyInstance, { controlPlane, log }: ServerParts): void {
  let minute = 0;
  let strangers = 0;
  app.addHook("onResponse", async (request, reply) => {
    const { statusCode } = reply;
    const refused = statusCode === 401 || statusCode === 403;
    const pattern = request.routeOptions.url ?? "(none)";
    const reads = request.method === "GET" || request.method === "HEAD";
    if (!refused && reads && !sensitiveReads.has(pattern)) return;
    if (statusCode === 401) {
      const now = Math.floor(Date.now() / 60_000);
      strangers = now === minute ? strangers + 1 : 1;
      minute = now;
      if (strangers > strangersPerMinute) return;
    }
    const principal = principalOf(request);
    const event = {
      actor: principal?.id ?? null,
      action: `${request.method} ${pattern}`,
      target: [accessTargets.get(request) ?? targetOf(request), via(principal)]
        .filter(Boolean)
        .join(" "),
      outcome: String(statusCode),
    };
    await controlPlane.noteAccess(event).catch((error: unknown) => {
      log.warn("access not recorded", { message: String(error), action: event.action });
    });
  });
}

/** By which of somebody's tokens or sessions. */
function via(principal: Principal | undefined): string {
  const { kind, credential } = principal ?? {};
  return credential ? `(${kind} ${credential.id})` : "";
}

/** What a call was about, where its path does not say so: set by its handler. */
export const accessTargets = new WeakMap<FastifyRequest, string>();

/** The parts of the address that the pattern leaves open; never a body or a query. */
function targetOf(request: FastifyRequest): string {
  const { params } = request;
  if (typeof params !== "object" || params === null) return "";
  return Object.values(params).map(String).join("/").slice(0, 300);
}
