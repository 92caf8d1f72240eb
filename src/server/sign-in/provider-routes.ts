import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { TidelockError } from "../../model/errors.ts";
import {
  signInLogoutPath,
  signInProvidersPath,
  signInReturnPath,
  signInStartPath,
} from "../../model/identity-provider.ts";
import type { ServerParts } from "../app.ts";
import { statusOf } from "../errors.ts";
import { Budget } from "../limits/budget.ts";
import { cookieName, giveSession, ownOrigin, readCookie } from "./session-cookie.ts";
import { signInPlace } from "./sign-in-place.ts";

/**
 * Signing in at a provider of identities: pages that a browser is sent to, before anybody knows who asks. What it has to
 * bring back stands in a cookie of its own, which the provider's answer (a link from elsewhere) may carry: `SameSite=Lax`.
 */
export function registerProviderSignIn(
  app: FastifyInstance,
  { controlPlane, log }: ServerParts,
): void {
  const { identities } = controlPlane;
  const open = {
    schema: { hide: true } as object,
    config: { access: { public: "whoever signs in is nobody yet" } },
  };
  app.get(signInProvidersPath, open, async () => ({ items: identities.providers() }));
  app.get(signInStartPath, open, async (request, reply) => {
    const { provider, to, again } = fieldsOf(request);
    const publicUrl = identities.publicUrl();
    if (publicUrl !== null && publicUrl !== ownOrigin(request)) {
      const refusal = new TidelockError("invalid-input", "sign in under the server's own address", {
        fault: "operator",
        hint: publicUrl,
      });
      return page(reply, refusal);
    }
    try {
      const { url, kept, seconds } = await identities.begin(provider, to, again);
      keep(request, reply, kept, seconds);
      return await reply.redirect(url, 303);
    } catch (error) {
      return page(reply, error);
    }
  });
  app.get(signInReturnPath, open, async (request, reply) => {
    const { provider } = fieldsOf(request);
    const kept = readCookie(request, cookieName(request, cookie));
    const query = /\?(.*)$/s.exec(request.url)?.[1] ?? "";
    // Whatever comes of it, it is used up.
    keep(request, reply, "", 0);
    try {
      const session = await identities.finish(provider, query, kept, signInPlace(request));
      giveSession(request, reply, session);
      return await reply.redirect(session.to, 303);
    } catch (error) {
      return page(reply, error);
    }
  });
  registerSignedOutThere(app, identities, log);
}

/** A logout token and little else. Bytes. */
const bodyLimit = 32 * 1024;

/**
 * Where a provider says that somebody has signed out there (OpenID Connect Back-Channel Logout 1.0, 2.5). In a scope of its
 * own: forms, which pages of other sites can send, are taken nowhere else.
 */
function registerSignedOutThere(
  app: FastifyInstance,
  identities: ServerParts["controlPlane"]["identities"],
  log: ServerParts["log"],
): void {
  // Whoever sets a provider up wants to know why, and a stranger fills no log.
  const refusals = new Budget({ perSecond: 0.5, burst: 30 });
  void app.register(async (scope) => {
    scope.addContentTypeParser(
      "application/x-www-form-urlencoded",
      { parseAs: "string", bodyLimit },
      (_request, body, done) => done(null, new URLSearchParams(String(body))),
    );
    scope.post(
      signInLogoutPath,
      {
        bodyLimit,
        schema: { hide: true } as object,
        config: { access: { public: "the token that is brought says which provider asks" } },
      },
      async (request, reply) => {
        const { provider } = fieldsOf(request);
        const given =
          request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
        const [token = "", ...more] = given.getAll("logout_token");
        void reply.header("cache-control", "no-store");
        try {
          await identities.signedOutThere(provider, more.length === 0 ? token : "");
        } catch (error) {
          if (error instanceof TidelockError && refusals.take("all") > 0) {
            log.info("logout refused", { id: request.id, message: error.message });
          }
          throw error;
        }
        return reply.code(200).send();
      },
    );
  });
}

const cookie = "tidelock-provider";

function keep(request: FastifyRequest, reply: FastifyReply, value: string, seconds: number): void {
  const secure = request.protocol === "https" ? "; Secure" : "";
  void reply.header(
    "set-cookie",
    `${cookieName(request, cookie)}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure}`,
  );
}

function fieldsOf({ params, query }: FastifyRequest) {
  const { provider = "" } = params as { readonly provider?: string };
  const { to, again } = query as { readonly to?: unknown; readonly again?: unknown };
  return { provider, to: typeof to === "string" ? to : "/", again: again === "true" };
}

/** For a person who was sent here by somebody else's page: a sentence, and the way back. */
async function page(reply: FastifyReply, error: unknown): Promise<FastifyReply> {
  if (!(error instanceof TidelockError) || error.code === "internal") throw error;
  const { message, hint } = error;
  const text = [message, ...(hint === undefined ? [] : [hint])]
    .map((line) => `<p>${escaped(line)}</p>`)
    .join("");
  return reply
    .code(statusOf[error.code])
    .type("text/html; charset=utf-8")
    .send(
      `<!doctype html><html lang="en"><meta charset="utf-8"><title>Sign in · Tidelock</title><h1>Tidelock</h1>${text}<p><a href="/">Back to the sign-in page</a></p></html>`,
    );
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"'`]/g, (character) => `&#${character.codePointAt(0)};`);
}
