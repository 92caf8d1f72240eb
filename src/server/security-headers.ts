import type { FastifyInstance } from "fastify";
import { hostName, loopbackNames } from "./host-check.ts";

/**
 * The page loads nothing from anywhere else, runs no inline script, turns no text into script or markup (Trusted Types),
 * and is framed by nobody.
 */
const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

/** Of the dashboard's files, over {@link securityHeaders}. */
export const pageHeaders: Readonly<Record<string, string>> = {
  "content-security-policy": pagePolicy,
  "cross-origin-embedder-policy": "require-corp",
};

/**
 * Answers are data: whatever bytes a report or an artifact holds, a browser neither guesses a type for them nor runs
 * anything in them, and no cache keeps them (OWASP Secure Headers).
 */

export const securityHeaders: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  "cache-control": "no-store",
};

/** One year, from the day on which the name is only reached encrypted (RFC 6797). */
const strictTransport = "max-age=31536000";

export function registerSecurityHeaders(app: FastifyInstance): void {
  app.addHook("onRequest", async (request, reply) => {
    reply.headers(securityHeaders);
    const name = hostName(request.host);
    // For `localhost` it would lock every other program of this machine out of plain HTTP.
    if (request.protocol === "https" && name !== null && !loopbackNames.includes(name)) {
      reply.header("strict-transport-security", strictTransport);
    }
  });
}
