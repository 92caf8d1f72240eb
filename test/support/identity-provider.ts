import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import OpenIdProvider from "oidc-provider";

/** Who signs in at the provider, and what it says of them. */
export interface Account {
  readonly sub: string;
  readonly [claim: string]: unknown;
}

/**
 * A certified provider (panva/oidc-provider) on this machine. Whoever comes is `signsIn`, without a page in between;
 * everything else is the provider's own.
 */
export class TestProvider {
  readonly url: string;
  signsIn: Account = { sub: "nobody" };
  /** Logout tokens that it has sent, oldest first: a test brings them on. */
  readonly loggedOut: string[] = [];
  readonly #server: Server;

  private constructor(server: Server, url: string) {
    this.#server = server;
    this.url = url;
  }

  static async start(redirectUris: readonly string[], secret: string): Promise<TestProvider> {
    let serve: (request: IncomingMessage, response: ServerResponse) => void = () => undefined;
    const server = createServer((request, response) => serve(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const test = new TestProvider(server, url);
    const provider = new OpenIdProvider(url, {
      clients: [
        {
          client_id: "tidelock",
          client_secret: secret,
          redirect_uris: [...redirectUris],
          post_logout_redirect_uris: redirectUris.map((one) => new URL("/", one).href),
          backchannel_logout_uri: `${url}/back-channel`,
          backchannel_logout_session_required: true,
        },
      ],
      claims: {
        openid: [
          "sub",
          "acr",
          "amr",
          "auth_time",
          "groups",
          "email",
          "email_verified",
          "preferred_username",
        ],
      },
      conformIdTokenClaims: false,
      cookies: { keys: ["k".repeat(32)] },
      features: { devInteractions: { enabled: false }, backchannelLogout: { enabled: true } },
      // Its own would send nothing to this machine, where the test is.
      fetch: (input: string, { method, headers, body }: RequestInit) =>
        fetch(input, {
          ...(method === undefined ? {} : { method }),
          ...(headers === undefined ? {} : { headers }),
          ...(body === undefined ? {} : { body }),
        }),
      interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
      findAccount: async (_context, id) => ({
        accountId: id,
        claims: async () => ({ ...test.signsIn, sub: id }),
      }),
      async loadExistingGrant(context) {
        const { client, session } = context.oidc;
        const grant = new provider.Grant({
          clientId: client?.clientId ?? "",
          accountId: session?.accountId ?? "",
        });
        grant.addOIDCScope("openid");
        await grant.save();
        return grant;
      },
      ttl: {
        Grant: 60,
        Interaction: 60,
        Session: 60,
        AccessToken: 60,
        IdToken: 60,
        AuthorizationCode: 30,
      },
    });
    const callback = provider.callback();
    serve = (request, response) => {
      if (request.url === "/back-channel") return void test.#take(request, response);
      if (!request.url?.startsWith("/interaction/")) return void callback(request, response);
      const { sub, acr, amr } = test.signsIn;
      const login = {
        accountId: sub,
        ...(typeof acr === "string" ? { acr } : {}),
        ...(Array.isArray(amr) ? { amr: amr as string[] } : {}),
      };
      void provider.interactionFinished(
        request,
        response,
        { login },
        { mergeWithLastSubmission: false },
      );
    };
    return test;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = new URLSearchParams(await text(request));
    this.loggedOut.push(form.get("logout_token") ?? "");
    response.end();
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Cookies of one browser at one site. */
export class Jar {
  readonly #cookies = new Map<string, string>();

  take(header: string | readonly string[] | undefined): void {
    for (const line of header === undefined ? [] : [header].flat()) {
      const [pair = "", ...attributes] = line.split(";");
      const at = pair.indexOf("=");
      const gone =
        attributes.some((one) => /^\s*max-age=0$/i.test(one)) || pair.slice(at + 1) === "";
      if (gone) this.#cookies.delete(pair.slice(0, at));
      else this.#cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
  }

  get header(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  has(name: string): boolean {
    return this.#cookies.has(name);
  }
}

/** What a browser does at the provider: follows it until it sends us elsewhere. Answers that address. */
export async function walk(start: string, jar: Jar): Promise<string> {
  const { origin } = new URL(start);
  let url = start;
  for (let hop = 0; hop < 10; hop += 1) {
    const answer = await fetch(url, { redirect: "manual", headers: { cookie: jar.header } });
    jar.take(answer.headers.getSetCookie());
    const next = answer.headers.get("location");
    if (next === null) throw new Error(`${answer.status} ${await answer.text()}`);
    url = new URL(next, url).href;
    if (new URL(url).origin !== origin) return url;
  }
  throw new Error("too many redirects");
}

/** Signs out at the provider, and says yes to its question. Answers where the browser is sent then. */
export async function signOutAt(start: string, jar: Jar): Promise<string> {
  const page = await fetch(start, { redirect: "manual", headers: { cookie: jar.header } });
  jar.take(page.headers.getSetCookie());
  const form = await page.text();
  const [, action = ""] = /action="([^"]+)"/.exec(form) ?? [];
  const [, xsrf = ""] = /name="xsrf" value="([^"]+)"/.exec(form) ?? [];
  if (action === "") throw new Error(`${page.status} ${form}`);
  const answer = await fetch(new URL(action, start), {
    method: "POST",
    redirect: "manual",
    headers: { cookie: jar.header },
    body: new URLSearchParams({ xsrf, logout: "yes" }),
  });
  jar.take(answer.headers.getSetCookie());
  return answer.headers.get("location") ?? `${answer.status} ${await answer.text()}`;
}
