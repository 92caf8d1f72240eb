import type { FastifyInstance, FastifyRequest } from "fastify";
import { routes } from "../api/routes.ts";
import type { Principal } from "../model/principal.ts";
import type { ServerParts } from "./app.ts";
import { principalOf } from "./access.ts";
import { clientOf } from "./network/client.ts";
import { type Refusal, Refusals } from "./refusals.ts";

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
 * access log. Refusals of strangers, and of whoever asks too fast, are counted by network, call and hour (refusals.ts).
 * What fails to be written is said in the server's log; the answer has left by then.
 */
export function registerAccessLog(app: FastifyInstance, { controlPlane, log }: ServerParts): void {
  const note = (event: Parameters<typeof controlPlane.noteAccess>[0]): Promise<void> =>
    controlPlane.noteAccess(event).catch((error: unknown) => {
      log.warn("access not recorded", { message: String(error), action: event.action });
    });
  const refusals = new Refusals(({ from, action, outcome }: Refusal, times) => {
    const target = times === 1 ? `from ${from}` : `from ${from}, ${times} times more in this hour`;
    return note({ actor: null, action, target, outcome });
  });
  app.addHook("preClose", async () => refusals.flush());
  app.addHook("onResponse", async (request, reply) => {
    const { statusCode } = reply;
    const refused = statusCode === 401 || statusCode === 403 || statusCode === 429;
    const pattern = request.routeOptions.url ?? "(none)";
    const action = `${request.method} ${pattern}`;
    const outcome = String(statusCode);
    const principal = principalOf(request);
    if (principal === undefined || statusCode === 429) {
      if (refused)
        refusals.add({ from: principal?.id ?? clientOf(request).network, action, outcome });
      return;
    }
    const reads = request.method === "GET" || request.method === "HEAD";
    if (!refused && reads && !sensitiveReads.has(pattern)) return;
    const target = [accessTargets.get(request) ?? targetOf(request), via(principal)];
    await note({ actor: principal.id, action, target: target.filter(Boolean).join(" "), outcome });
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
