import { timingSafeEqual } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { builtInRoles } from "../../identity/roles.ts";
import { TidelockError } from "../../model/errors.ts";
import type { Principal } from "../../model/principal.ts";
import { isSessionToken, isToken, tokenDigest } from "../../model/token.ts";
import type { AccessControl } from "../../ports/access-control.ts";
import { principalOf } from "../access.ts";
import { clientOf } from "../network/client.ts";
import { placeOf } from "./sign-in-place.ts";
import { requireOwnPage, sessionCookie } from "./session-cookie.ts";

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

/**
 * Whoever can read the data directory of a running server, by the key in its record: they could end its processes, so they
 * may have them ended, and nothing else. Who signs in here says who they are; this says only where it was done.
 */
export const machineOwner: Principal = {
  kind: "bootstrap",
  id: "operator",
  person: null,
  credential: null,
  holdings: [
    {
      role: "owner of the machine",
      permissions: new Set(["server.stop"]),
      service: null,
      environment: null,
    },
  ],
  within: null,
};

/**
 * `Authorization: Bearer <token>` (RFC 6750): the bootstrap token, compared as a digest so that neither length nor
 * content leaks by time, or one that the database knows by its digest now. Without that header, a browser's session:
 * a cookie never counts beside one.
 */
export function requireToken(
  access: Pick<AccessControl, "byToken" | "used" | "bySession" | "seen" | "bootstrapCounts">,
  token: string | null,
  machineKey: string | null = null,
) {
  const expected = token === null ? null : Buffer.from(tokenDigest(token));
  const onMachine = machineKey === null ? null : Buffer.from(tokenDigest(machineKey));
  const session = async (
    request: FastifyRequest,
    secret: string,
    carried: "cookie" | "bearer",
  ): Promise<Principal> => {
    const principal = await access.bySession(tokenDigest(secret), carried);
    if (principal === null) throw over();
    // A page that asks by itself while nobody looks at it keeps nobody signed in, nor does a stream that goes on.
    const there =
      principalOf(request) === undefined && request.headers["x-tidelock"] !== "background";
    if (there && principal.credential) access.seen(principal.credential.id);
    return principal;
  };
  return async (request: FastifyRequest): Promise<Principal> => {
    const header = request.headers.authorization;
    if (header === undefined) {
      const cookie = sessionCookie(request);
      if (cookie === null) throw refused("this call needs a token, or somebody who is signed in");
      requireOwnPage(request);
      return session(request, cookie, "cookie");
    }
    const given = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(header)?.[1];
    if (given === undefined) throw refused("this call needs a token");
    const digest = tokenDigest(given);
    if (expected !== null && timingSafeEqual(Buffer.from(digest), expected)) {
      if (await access.bootstrapCounts()) return bootstrap;
      throw ended();
    }
    if (onMachine !== null && timingSafeEqual(Buffer.from(digest), onMachine)) {
      // It never leaves the machine: from elsewhere it is somebody's who has read what they should not.
      if (clientOf(request).loopback) return machineOwner;
      throw refused("this key counts on the machine itself alone");
    }
    if (isSessionToken(given)) return session(request, given, "bearer");
    // What is misspelt or no token of ours costs no query.
    const principal = isToken(given) ? await access.byToken(digest) : null;
    if (principal === null) throw refused("this token is not valid here");
    if (principal.credential) access.used(principal.credential.id, placeOf(request));
    return principal;
  };
}

function over(): TidelockError {
  return new TidelockError("unauthenticated", "this session has ended", {
    fault: "operator",
    where: "session",
    hint: "sign in again: in the browser, or with `tidelock login`",
  });
}

function ended(): TidelockError {
  return new TidelockError(
    "unauthenticated",
    "the token of the data directory ended when the first administrator signed in",
    {
      fault: "operator",
      where: "Authorization header",
      hint: "sign in: tidelock login. When nobody can any more, on the machine: tidelock server recover-access",
    },
  );
}

function refused(message: string): TidelockError {
  return new TidelockError("unauthenticated", message, {
    fault: "operator",
    where: "Authorization header",
    hint: "send `Authorization: Bearer <token>`; the first token lies in <data dir>/server/token, or set TIDELOCK_TOKEN",
  });
}
