import type { FastifyInstance } from "fastify";

/** How long a JSON body may take to arrive: 8 MiB at 0.3 MiB a second. Milliseconds. */
const bodyMs = 30_000;
/** How long the rest of a body is read after its answer, so that the answer arrives. Milliseconds. */
const lingerMs = 5_000;

/**
 * Nobody holds a connection by sending slowly: not with the body of a call, and not with one that was answered before it
 * was sent (a refusal). Uploads have their own patience (limited-body.ts), headers Node's (listen.ts).
 */
export function registerSlowBodies(
  app: FastifyInstance,
  { body = bodyMs, linger = lingerMs }: { readonly body?: number; readonly linger?: number } = {},
): void {
  app.addHook("preParsing", async ({ raw, headers }, _reply, payload) => {
    if (
      raw.complete === false &&
      !headers["content-type"]?.startsWith("application/octet-stream")
    ) {
      const timer = setTimeout(() => raw.destroy(), body).unref();
      raw.once("close", () => clearTimeout(timer)).once("end", () => clearTimeout(timer));
    }
    return payload;
  });
  app.addHook("onResponse", async ({ raw }) => {
    // A request that is asked without a network has no such state, and holds nothing.
    if (raw.complete !== false || raw.destroyed) return;
    const timer = setTimeout(() => raw.complete || raw.destroy(), linger).unref();
    raw.once("close", () => clearTimeout(timer)).once("end", () => clearTimeout(timer));
  });
}
