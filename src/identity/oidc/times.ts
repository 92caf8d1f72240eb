import { clockSkewMs } from "../../model/workload.ts";

/** When a token counts, as it says itself. Milliseconds since 1970. */
export interface TokenTimes {
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/**
 * Whether a token counts now, by our database's clock: in a sentence why not. Seconds since 1970 in `exp`, `iat` and
 * `nbf` (RFC 7519 4.1); each has to be there, `nbf` where the platform writes it.
 */
export function readTimes(
  claims: Readonly<Record<string, unknown>>,
  {
    now,
    maxAgeMs,
    needsNotBefore,
  }: { readonly now: number; readonly maxAgeMs: number; readonly needsNotBefore: boolean },
): TokenTimes | string {
  const issuedAt = instant(claims["iat"]);
  const expiresAt = instant(claims["exp"]);
  const notBefore = instant(claims["nbf"]);
  if (expiresAt === null) return "the token does not say until when it counts (`exp`)";
  if (issuedAt === null) return "the token does not say when it was issued (`iat`)";
  if (notBefore === null && (needsNotBefore || claims["nbf"] !== undefined)) {
    return "the token does not say from when on it counts (`nbf`)";
  }
  if (expiresAt + clockSkewMs <= now) return "the token has expired";
  if (expiresAt <= issuedAt) return "the token ends before it was issued";
  if (issuedAt - clockSkewMs > now || (notBefore ?? issuedAt) - clockSkewMs > now) {
    return "the token is not valid yet";
  }
  if (issuedAt + maxAgeMs + clockSkewMs <= now) return "the token is too old";
  return { issuedAt, expiresAt };
}

/** Within the years in which dates are dates. */
function instant(value: unknown): number | null {
  return typeof value === "number" && value >= 0 && value < 1e11 ? Math.floor(value * 1000) : null;
}
