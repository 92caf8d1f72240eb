import * as client from "openid-client";
import { classifyAddress } from "../egress/address.ts";
import { send } from "../egress/send.ts";
import type { IdentityProvider } from "../model/identity-provider.ts";
import type { IssuerRules } from "./ask-issuer.ts";
import { requireSafe } from "./ask-issuer.ts";
import type { KnownProvider } from "./providers-file.ts";

/** What has to come back with the browser that was sent away. */
export interface SignInChecks {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** What a provider has signed of somebody. */
export interface SignedIdentity {
  readonly issuer: string;
  readonly subject: string;
  readonly claims: Readonly<Record<string, unknown>>;
  /** As it was signed. */
  readonly token: string;
}

const maxBytes = 256 * 1024;
const timeoutMs = 10_000;
/** What a provider says of itself is asked for again after this long. Milliseconds. */
const freshMs = 3_600_000;
/** It was there not longer ago than this when somebody is sent to it. Milliseconds. */
const hereMs = 5_000;
/** One that did not answer is asked again after this long. Milliseconds. */
const pauseMs = 3_000;

/**
 * One provider's side of a sign-in: authorization code with PKCE (S256), state, nonce and `iss` (RFC 9700, RFC 9207).
 * Order and meaning of the checks are openid-client's; what leaves the machine goes through our own egress.
 */
export class ProviderClient {
  readonly settings: IdentityProvider;
  readonly #secret: string | null;
  readonly #redirectUri: string;
  #failedAt = -Infinity;
  #asking: Promise<void> | null = null;
  readonly #rules: IssuerRules;
  #known: {
    readonly at: number;
    readonly server: client.ServerMetadata;
    /** The configuration that was used last: it holds the provider's keys. */
    last: client.Configuration | null;
  } | null = null;

  constructor({ settings, secret }: KnownProvider, redirectUri: string, rules: IssuerRules) {
    this.settings = settings;
    this.#secret = secret;
    this.#redirectUri = redirectUri;
    this.#rules = rules;
  }

  /** Where the browser is sent, and what to keep for its return. */
  async begin(again: boolean): Promise<{ readonly url: string; readonly checks: SignInChecks }> {
    // Somebody who would be sent to one that is down is told so here, where there are other ways in.
    const configuration = await this.#configuration(0, hereMs);
    const checks = {
      state: client.randomState(),
      nonce: client.randomNonce(),
      verifier: client.randomPKCECodeVerifier(),
    };
    const { scopes, demand } = this.settings;
    const url = client.buildAuthorizationUrl(configuration, {
      redirect_uri: this.#redirectUri,
      scope: [...new Set(["openid", ...scopes])].join(" "),
      state: checks.state,
      nonce: checks.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(checks.verifier),
      code_challenge_method: "S256",
      ...(again ? { prompt: "login" } : {}),
      ...(demand?.acr === undefined ? {} : { acr_values: demand.acr.join(" ") }),
    });
    return { url: url.href, checks };
  }

  /**
   * Who came back.
   *
   * @param query of the address that the provider sent the browser to
   * @param skewMs how much the database's clock is ahead of this machine's
   * @throws whatever is wrong with the answer
   */
  async finish(query: string, checks: SignInChecks, skewMs: number): Promise<SignedIdentity> {
    const configuration = await this.#configuration(skewMs);
    const back = new URL(this.#redirectUri);
    back.search = query;
    const tokens = await client.authorizationCodeGrant(configuration, back, {
      expectedState: checks.state,
      expectedNonce: checks.nonce,
      pkceCodeVerifier: checks.verifier,
      idTokenExpected: true,
    });
    const claims = tokens.claims();
    const token = tokens.id_token;
    if (claims === undefined || token === undefined) throw new Error("it gave no id token");
    const { iss: issuer, sub: subject } = claims;
    return { issuer, subject, claims: claims as Record<string, unknown>, token };
  }

  /**
   * Where a browser is sent so that it is signed out at the provider, too (OpenID Connect RP-Initiated Logout 1.0, 2).
   *
   * @param hint the id token of the sign-in; null: the provider asks whether one means it
   * @returns null when the provider names no such address
   */
  async endAddress(hint: string | null): Promise<string | null> {
    const configuration = await this.#configuration();
    const { end_session_endpoint: there } = configuration.serverMetadata();
    if (there === undefined) return null;
    requireSafe(there);
    return client.buildEndSessionUrl(configuration, {
      post_logout_redirect_uri: new URL("/", this.#redirectUri).href,
      ...(hint === null ? {} : { id_token_hint: hint }),
    }).href;
  }

  /** With the provider's own word of itself, asked for again now and then, and its keys as they are kept. */
  async #configuration(skewMs = 0, mayBeOldMs = freshMs): Promise<client.Configuration> {
    const { issuer, clientId } = this.settings;
    if (this.#known === null || performance.now() - this.#known.at >= mayBeOldMs) {
      this.#asking ??= this.#ask().finally(() => (this.#asking = null));
      await this.#asking;
    }
    if (this.#known === null) throw new Error("it was not asked");
    const { server, last } = this.#known;
    const configuration = new client.Configuration(
      server,
      clientId,
      {
        id_token_signed_response_alg: this.settings.algorithm,
        [client.clockTolerance]: 60,
        [client.clockSkew]: Math.round(skewMs / 1000),
      },
      this.#secret === null ? client.None() : client.ClientSecretBasic(this.#secret),
    );
    configuration[client.customFetch] = this.#fetch;
    if (isHere(issuer)) client.allowInsecureRequests(configuration);
    // Without this the id token's signature is taken on the connection's word alone.
    client.enableNonRepudiationChecks(configuration);
    const keys = last === null ? undefined : client.getJwksCache(last);
    if (keys !== undefined) {
      // Older than they are by a minute: then a key that is not among them is asked for at once, and not only later. Nobody but
      // the provider has us ask, because its own answer to a code is what names the key.
      const uat = Math.min(keys.uat, Math.floor(Date.now() / 1000) - 60);
      client.setJwksCache(configuration, { ...keys, uat });
    }
    this.#known.last = configuration;
    return configuration;
  }

  async #ask(): Promise<void> {
    // Whoever asks to sign in at one that is down does not make us ask it each time.
    if (performance.now() - this.#failedAt < pauseMs) throw new Error("it did not answer just now");
    const { issuer, clientId } = this.settings;
    try {
      const asked = await client.discovery(new URL(issuer), clientId, undefined, client.None(), {
        [client.customFetch]: this.#fetch,
        execute: isHere(issuer) ? [client.allowInsecureRequests] : [],
      });
      const last = this.#known?.last ?? null;
      this.#known = { at: performance.now(), server: asked.serverMetadata(), last };
    } catch (error) {
      this.#failedAt = performance.now();
      throw error;
    }
  }

  readonly #fetch: client.CustomFetch = async (url, { method, headers, body }) => {
    requireSafe(url);
    const answer = await send(
      {
        url,
        method,
        headers,
        ...(body === undefined || body === null ? {} : { body: bodyOf(body) }),
        timeoutMs,
        maxBodyBytes: maxBytes,
      },
      { allow: this.#rules.origins },
    );
    if (answer.truncated) throw new Error("its answer is too long");
    const type = answer.headers["content-type"];
    return new Response(answer.body.length === 0 ? null : new Uint8Array(answer.body), {
      status: answer.status,
      ...(type === undefined ? {} : { headers: { "content-type": type } }),
    });
  };
}

function bodyOf(body: client.FetchBody): string | Uint8Array {
  if (typeof body === "string" || body instanceof Uint8Array) return body;
  if (body instanceof URLSearchParams) return body.toString();
  throw new Error("such a body is not sent");
}

function isHere(url: string): boolean {
  const { hostname, protocol } = new URL(url);
  const name = hostname.replace(/^\[|\]$/g, "");
  return protocol === "http:" && (name === "localhost" || classifyAddress(name) === "loopback");
}
