import { randomBytes } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { z } from "zod";
import { type Routes, routes } from "../../api/routes.ts";
import { TidelockError } from "../../model/errors.ts";
import type { PasskeySite } from "../../ports/passkey-control.ts";
import { actorOf } from "../access.ts";
import type { ServerParts } from "../app.ts";
import { accessOf, type PasskeyName, schemaOf } from "../routes.ts";
import {
  cookieName,
  giveSession,
  ownOrigin,
  readCookie,
  requireOwnPage,
  setCookie,
} from "./session-cookie.ts";
import { signInPlace } from "./sign-in-place.ts";

type Body<N extends PasskeyName> = Routes[N] extends { readonly body: infer B extends z.ZodType }
  ? z.output<B>
  : undefined;

/** Calls about passkeys that have to know under which name this server is addressed, and from which browser. */
export function registerPasskeys(app: FastifyInstance, { controlPlane }: ServerParts): void {
  const { passkeys } = controlPlane;
  const serve = (
    name: PasskeyName,
    handler: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>,
  ) => {
    const { method, path: url } = routes[name];
    app.route({ method, url, schema: schemaOf(name), config: accessOf(name), handler });
  };
  serve("passkeyOffer", (request) => {
    const { use } = request.body as Body<"passkeyOffer">;
    return passkeys.offer(actorOf(request), siteOf(request), use);
  });
  serve("passkeyAdd", (request) =>
    passkeys.add(actorOf(request), siteOf(request), request.body as Body<"passkeyAdd">),
  );
  serve("passkeySignInOffer", async (request, reply) => {
    requireOwnPage(request);
    const { rpId } = siteOf(request);
    const browser = browserOf(request) ?? randomBytes(24).toString("base64url");
    setCookie(request, reply, cookieName(request, cookie), browser, cookieSeconds);
    return { challenge: await passkeys.offerSignIn(browser), rpId };
  });
  serve("passkeySignIn", async (request, reply) => {
    requireOwnPage(request);
    const given = request.body as Body<"passkeySignIn">;
    const browser = browserOf(request);
    if (browser === null) {
      throw new TidelockError(
        "unauthenticated",
        "nobody was signed in: this browser was given no challenge",
        {
          fault: "operator",
          where: "cookie",
          hint: "try again, with cookies allowed",
        },
      );
    }
    const signedIn = await passkeys.signIn(siteOf(request), browser, given, signInPlace(request));
    giveSession(request, reply, signedIn);
    return { name: signedIn.name, expiresAt: signedIn.expiresAt.toISOString() };
  });
}

const cookie = "tidelock-passkey";
/** As long as a challenge. */
const cookieSeconds = 300;

function browserOf(request: FastifyRequest): string | null {
  const value = readCookie(request, cookieName(request, cookie));
  return value !== null && /^[A-Za-z0-9_-]{32}$/.test(value) ? value : null;
}

/**
 * The relying party is the name under which the server is addressed (host-check.ts knows which there are).
 *
 * @throws TidelockError `invalid-input` for an address, and for a page without TLS elsewhere than on this machine
 */
function siteOf(request: FastifyRequest): PasskeySite {
  const origin = ownOrigin(request);
  const { hostname, protocol } = new URL(origin);
  const name = !/^[\d.]+$|^\[/.test(hostname);
  if (name && (protocol === "https:" || hostname === "localhost")) {
    return { rpId: hostname, origin };
  }
  throw new TidelockError(
    "invalid-input",
    name ? "passkeys want https" : "passkeys belong to a name, and this is an address",
    {
      fault: "operator",
      where: origin,
      hint: "open this server under its name with https; on its own machine: http://localhost",
    },
  );
}
