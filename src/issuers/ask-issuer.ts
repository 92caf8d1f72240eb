import { z } from "zod";
import { classifyAddress } from "../egress/address.ts";
import { readDestination } from "../egress/destination.ts";
import { send } from "../egress/send.ts";
import { decodeUtf8 } from "../evidence/bytes.ts";
import { readStrictObject } from "../identity/oidc/strict-json.ts";
import { TidelockError } from "../model/errors.ts";
import { PublicJwk } from "../model/workload.ts";

/** Whom of the issuers that are not on the Internet we may ask: by the server's owner. */
export interface IssuerRules {
  /** Origins on private networks or of this machine. */
  readonly origins: readonly string[];
}

const timeoutMs = 5_000;
const maxBytes = 256 * 1024;
const mostKeys = 100;

const Discovery = z.object({ issuer: z.string(), jwks_uri: z.string().max(1_000) });
const KeySet = z.object({ keys: z.array(z.unknown()).max(mostKeys) });

/**
 * The public keys of an issuer, as its discovery document says (OpenID Connect Discovery 1.0, 4.3: the document has to
 * name the issuer that was asked).
 *
 * @throws TidelockError `forbidden` where nothing is sent, `unavailable` without a usable answer
 */
export async function askKeys(issuer: string, rules: IssuerRules): Promise<readonly PublicJwk[]> {
  const where = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const discovered = Discovery.safeParse(await askJson(where, rules, "application/json"));
  if (!discovered.success) throw unusable(where, "it says neither issuer nor keys");
  if (discovered.data.issuer !== issuer) throw unusable(where, "it is another issuer's");
  const set = KeySet.safeParse(await askJson(discovered.data.jwks_uri, rules, keySetTypes));
  if (!set.success) throw unusable(discovered.data.jwks_uri, "it is no set of keys");
  return set.data.keys.flatMap((key) => publicKey(key) ?? []);
}

/** A Kubernetes API server answers 406 to whoever does not ask for the first (RFC 7517 8.5.2); others know the second alone. */
const keySetTypes = "application/jwk-set+json, application/json;q=0.9";

/** What of a published key makes it one; null: another kind of key, which signs nothing here. */
function publicKey(key: unknown): PublicJwk | null {
  if (typeof key !== "object" || key === null) return null;
  const known = Object.keys(PublicJwk.shape);
  const parsed = PublicJwk.safeParse(
    Object.fromEntries(Object.entries(key).filter(([name]) => known.includes(name))),
  );
  return parsed.success ? parsed.data : null;
}

async function askJson(url: string, rules: IssuerRules, accept: string): Promise<unknown> {
  requireSafe(url);
  const answer = await send(
    {
      url,
      headers: { accept, "user-agent": "tidelock" },
      timeoutMs,
      maxBodyBytes: maxBytes,
    },
    { allow: rules.origins },
  );
  if (answer.status !== 200) throw unusable(url, `it answered ${answer.status}`);
  if (answer.truncated) throw unusable(url, `its answer is longer than ${maxBytes} bytes`);
  const text = decodeUtf8(answer.body);
  const read = text === null ? null : readStrictObject(text, "its answer");
  if (read?.ok) return read.value;
  throw unusable(url, read === null ? "its answer is no text" : read.problem);
}

/**
 * Whoever can change an answer on its way would be the issuer: nothing is asked without TLS, but of this machine itself.
 *
 * @throws TidelockError `forbidden`
 */
export function requireSafe(url: string): void {
  const { scheme, host } = readDestination(url);
  const here = host === "localhost" || classifyAddress(host) === "loopback";
  if (scheme === "https" || here) return;
  throw new TidelockError("forbidden", `${url} is not asked for keys: it is not https`, {
    fault: "operator",
    where: "issuer",
  });
}

function unusable(url: string, why: string): TidelockError {
  return new TidelockError("unavailable", `the issuer's answer at ${url} cannot be used: ${why}`, {
    retryable: true,
    where: url,
  });
}
