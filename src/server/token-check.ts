import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { builtInRoles } from "../identity/roles.ts";
import { TidelockError } from "../model/errors.ts";
import type { Principal } from "../model/principal.ts";

const administrator = builtInRoles.get("administrator");

/** The bootstrap token stands for the person who owns the data directory. */
export const bootstrap: Principal = {
  kind: "bootstrap",
  id: "operator",
  person: null,
  credential: null,
  holdings: administrator
    ? [
        {
          role: administrator.name,
          permissions: administrator.permissions,
          service: null,
          environment: null,
        },
      ]
    : [],
  within: null,
};

/** `Authorization: Bearer <token>` (RFC 6750), compared as digests so that neither length nor content leaks by time. */
export function requireToken(token: string) {
  const expected = digest(token);
  return async (request: FastifyRequest): Promise<Principal> => {
    const header = request.headers.authorization ?? "";
    const given = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(header)?.[1];
    if (given !== undefined && timingSafeEqual(digest(given), expected)) return bootstrap;
    throw new TidelockError(
      "unauthenticated",
      given === undefined ? "this call needs a token" : "this token is not valid here",
      {
        fault: "operator",
        where: "Authorization header",
        hint: "send `Authorization: Bearer <token>`; the first token lies in <data dir>/server/token, or set TIDELOCK_TOKEN",
      },
    );
  };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
