import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { z } from "zod";
import { type RouteName, routes, type Routes } from "../../api/routes.ts";
import type { SignedInView } from "../../ports/account-control.ts";
import { actorOf } from "../access.ts";
import type { ServerParts } from "../app.ts";
import { type CookieName, accessOf, schemaOf } from "../routes.ts";
import {
  cookieName,
  dropSession,
  giveSession,
  readCookie,
  requireOwnPage,
  sessionCookie,
  setCookie,
} from "./session-cookie.ts";
import { signInPlace } from "./sign-in-place.ts";

/** How long a browser is known that has signed in: OWASP "device cookies". Seconds. */
const knownSeconds = 180 * 86_400;
const deviceWord = "tidelock-device";

type Body<N extends RouteName> = Routes[N] extends { readonly body: infer S extends z.ZodType }
  ? z.output<S>
  : undefined;

/** Calls that begin or end with somebody being signed in: they read or set cookies. */
export function registerSessions(app: FastifyInstance, parts: ServerParts): void {
  const { accounts, identities } = parts.controlPlane;
  const route = <N extends CookieName>(
    name: N,
    handle: (
      request: FastifyRequest,
      reply: FastifyReply,
      body: Body<N>,
    ) => Promise<z.output<Routes[N]["response"]>>,
  ) => {
    app.route({
      method: routes[name].method,
      url: routes[name].path,
      schema: schemaOf(name),
      config: accessOf(name),
      handler: (request, reply) => handle(request, reply, request.body as Body<N>),
    });
  };
  const welcome = (request: FastifyRequest, reply: FastifyReply, signedIn: SignedInView) => {
    const { name, session, device } = signedIn;
    giveSession(request, reply, session);
    if (device !== null) {
      setCookie(request, reply, cookieName(request, deviceWord), device, knownSeconds);
    }
    parts.onSignIn?.();
    return { name, expiresAt: session.expiresAt.toISOString() };
  };

  route("signIn", async (request, reply, { name, password, code }) => {
    // Nobody is signed in from elsewhere as somebody whom they are not.
    requireOwnPage(request);
    const known = readCookie(request, cookieName(request, deviceWord));
    const replaces = sessionCookie(request);
    const given = {
      name,
      password,
      code,
      ...(known === null ? {} : { known }),
      ...(replaces === null ? {} : { replaces }),
    };
    return welcome(request, reply, await accounts.signIn(given, signInPlace(request)));
  });
  route("welcomeShow", async (_request, _reply, { secret }) => accounts.link(secret));
  route("welcome", async (request, reply, { secret, name, password }) => {
    requireOwnPage(request);
    const given = { secret, password, ...(name === undefined ? {} : { name }) };
    return welcome(request, reply, await accounts.redeem(given, signInPlace(request)));
  });
  route("accountPassword", async (request, reply, body) => {
    const place = signInPlace(request);
    const changed = await accounts.changePassword(actorOf(request), body, place);
    return welcome(request, reply, changed);
  });
  route("accountTotpConfirm", async (request, reply, body) => {
    const place = signInPlace(request);
    const { recoveryCodes, ...signedIn } = await accounts.confirmTotp(
      actorOf(request),
      body,
      place,
    );
    return { ...welcome(request, reply, signedIn), recoveryCodes: [...recoveryCodes] };
  });
  route("loginBegin", async (request) => accounts.beginLogin(signInPlace(request)));
  route("loginPoll", async (_request, _reply, { secret }) => accounts.pollLogin(secret));
  route("sessionEnd", async (request, reply) => {
    const actor = actorOf(request);
    const { kind, credential } = actor.principal ?? {};
    const here = kind === "session" ? credential?.id : undefined;
    const goOn = here === undefined ? null : await identities.signOutThere(here);
    if (here !== undefined) await accounts.endSession(actor, null, here);
    dropSession(request, reply);
    return { ended: here === undefined ? 0 : 1, goOn };
  });
  route("sessionsEnd", async (request, reply) => {
    const ended = await accounts.endSessions(actorOf(request), null);
    dropSession(request, reply);
    return { ended };
  });
}
