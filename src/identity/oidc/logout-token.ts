import { bad, good, type Result } from "../../evidence/result.ts";
import type { SignedToken } from "./signed-token.ts";

/** Whose sessions a provider says have ended. */
export interface LoggedOut {
  /** The provider's own name for somebody; null: it names a session alone. */
  readonly subject: string | null;
  /** The provider's session; null: all of them. */
  readonly sid: string | null;
  readonly jti: string;
}

/** `typ` of such a token (OpenID Connect Back-Channel Logout 1.0, 2.4). */
export const logoutType = "logout+jwt";

const event = "http://schemas.openid.net/event/backchannel-logout";

/**
 * What a logout token says, but for its signature and its times (OpenID Connect Back-Channel Logout 1.0, 2.6). An id token
 * is none: it has no such event, and may have a nonce, which a logout token may not.
 */
export function readLogoutToken(
  { claims }: Pick<SignedToken, "claims">,
  { issuer, clientId }: { readonly issuer: string; readonly clientId: string },
): Result<LoggedOut> {
  if (claims["iss"] !== issuer) return bad("the token is another issuer's (`iss`)");
  const { aud, jti, events } = claims;
  const audience: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  if (!audience.includes(clientId)) return bad("the token is not for this client (`aud`)");
  if (!isEvents(events)) return bad("the token tells of no logout (`events`)");
  if (Object.hasOwn(claims, "nonce")) return bad("the token has a `nonce`, as no logout has");
  if (typeof jti !== "string" || !/^.{1,500}$/su.test(jti)) return bad("the token has no `jti`");
  const subject = claims["sub"] ?? null;
  const sid = claims["sid"] ?? null;
  if (!isName(subject) || !isName(sid) || (subject === null && sid === null)) {
    return bad("the token does not say whose session has ended (`sub`, `sid`)");
  }
  return good({ subject, sid, jti });
}

function isEvents(events: unknown): boolean {
  if (typeof events !== "object" || events === null || Array.isArray(events)) return false;
  if (!Object.hasOwn(events, event)) return false;
  const said = (events as Record<string, unknown>)[event];
  return typeof said === "object" && said !== null && !Array.isArray(said);
}

function isName(value: unknown): value is string | null {
  return value === null || (typeof value === "string" && value.length > 0 && value.length <= 255);
}
