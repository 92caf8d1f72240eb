import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { TidelockError } from "../../model/errors.ts";
import { anywhere, everything, type ResourceFrom } from "../../model/permissions.ts";
import type { ServerParts } from "../app.ts";

/**
 * The ledger as C2SP tlog-tiles serves it: `/ledger/checkpoint`, `/ledger/tile/<L>/<N>[.p/<W>]` and
 * `/ledger/tile/entries/<N>[.p/<W>]`. Checkpoint and hashes tell nothing of what was recorded, so that any
 * witness or monitor may have them; entries need a token.
 */
const hidden = { schema: { hide: true } as object };
const open = {
  ...hidden,
  config: {
    access: { public: "hashes tell nothing of what was recorded, and anybody may watch them" },
  },
};
const reading = (resource: ResourceFrom) => ({
  ...hidden,
  config: { access: { permission: "ledger.read" as const, resource } },
});
/** Never changes once it is there (C2SP tlog-tiles). */
const forever = "max-age=31536000, immutable";

export function registerPublicLedger(app: FastifyInstance, parts: ServerParts): void {
  app.get("/ledger/checkpoint", open, async (request, reply) => {
    reply.type("text/plain; charset=utf-8").header("cache-control", "no-cache");
    return send(parts, "checkpoint", request, reply);
  });
  app.get("/ledger/tile/*", open, async (request, reply) => {
    const path = wildcard(request);
    // Hashes alone are public, however a path to something else is spelled.
    if (!/^[0-9]/.test(path)) throw nothingAt(request);
    reply.header("cache-control", `public, ${forever}`);
    return send(parts, `tile/${path}`, request, reply);
  });
}

/** Behind the token. */
export function registerLedgerEntries(app: FastifyInstance, parts: ServerParts): void {
  // Beside the tiles: what entries about the log's keys say (audit/log-keys.ts).
  app.get("/ledger/keys.json", reading(anywhere), async (request, reply) => {
    reply.header("cache-control", "no-cache");
    return send(parts, "keys.json", request, reply);
  });
  app.get("/ledger/tile/entries/*", reading(everything), async (request, reply) => {
    reply.header("cache-control", `private, ${forever}`);
    return send(parts, `tile/entries/${wildcard(request)}`, request, reply);
  });
}

async function send(
  { controlPlane }: ServerParts,
  path: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const bytes = await controlPlane.ledger.file(path);
  if (bytes === null) {
    // What is not there yet may be in a moment: nobody shall remember that it was not.
    reply.removeHeader("cache-control");
    throw nothingAt(request);
  }
  if (path !== "checkpoint") reply.type("application/octet-stream");
  return reply.send(Buffer.from(bytes));
}

function wildcard(request: FastifyRequest): string {
  return (request.params as Readonly<Record<string, string>>)["*"] ?? "";
}

function nothingAt(request: FastifyRequest): TidelockError {
  return new TidelockError("not-found", "the ledger has no such file", {
    fault: "operator",
    where: request.url.split("?", 1)[0]?.slice(0, 200) ?? "",
    hint: "what there is follows from the size in /ledger/checkpoint (C2SP tlog-tiles)",
  });
}
