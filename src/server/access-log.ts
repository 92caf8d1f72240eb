import type { FastifyInstance, FastifyRequest } from "fastify";
import type { ServerParts } from "./app.ts";
import { operator } from "./token-check.ts";

/** Attempts without a valid token that are written down in a minute; more are only counted. */
const strangersPerMinute = 30;

/**
 * Writes every call that may change something, and every refused one, to the access log. What fails to be
 * written is said in the server's log; the answer has left by then.
 */
export function registerAccessLog(app: FastifyInstance, { controlPlane, log }: ServerParts): void {
  let minute = 0;
  let strangers = 0;
  app.addHook("onResponse", async (request, reply) => {
    const { statusCode } = reply;
    const refused = statusCode === 401 || statusCode === 403;
    if (!refused && (request.method === "GET" || request.method === "HEAD")) return;
    if (statusCode === 401) {
      const now = Math.floor(Date.now() / 60_000);
      strangers = now === minute ? strangers + 1 : 1;
      minute = now;
      if (strangers > strangersPerMinute) return;
    }
    const event = {
      actor: statusCode === 401 ? null : operator.id,
      action: `${request.method} ${request.routeOptions.url ?? "(none)"}`,
      target: targetOf(request),
      outcome: String(statusCode),
    };
    await controlPlane.noteAccess(event).catch((error: unknown) => {
      log.warn("access not recorded", { message: String(error), action: event.action });
    });
  });
}

/** The parts of the address that the pattern leaves open; never a body or a query. */
function targetOf(request: FastifyRequest): string {
  const { params } = request;
  if (typeof params !== "object" || params === null) return "";
  return Object.values(params).map(String).join("/").slice(0, 300);
}
