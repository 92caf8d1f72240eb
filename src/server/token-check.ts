import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { TidelockError } from "../model/errors.ts";
import type { Actor } from "../ports/control-plane.ts";

/** The bootstrap token stands for the person who owns the data directory; roles come later. */
export const operator: Actor = { id: "operator" };

/** `Authorization: Bearer <token>` (RFC 6750), compared as digests so that neither length nor content leaks by time. */
export function requireToken(token: string) {
  const expected = digest(token);
  return async (request: FastifyRequest): Promise<void> => {
    const header = request.headers.authorization ?? "";
    const given = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(header)?.[1];
    if (given !== undefined && timingSafeEqual(digest(given), expected)) return;
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
