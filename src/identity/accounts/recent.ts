import { TidelockError } from "../../model/errors.ts";
import type { Principal, SignInMethod } from "../../model/principal.ts";

/** How long after a sign-in somebody may change what signs them in. Milliseconds. */
export const recentMs = 10 * 60_000;

/**
 * What is more than a password: a second factor, a passkey, a one-time link; and a password where no second factor
 * exists yet, else nobody could set up their first one.
 */
const strong: ReadonlySet<SignInMethod> = new Set([
  "totp",
  "recovery-code",
  "passkey",
  "oidc-factor",
  "link",
  "alone",
]);

/** Whether a sign-in is still good for changing credentials. Both times by the database's clock. */
export function isRecent(
  { methods, signedInAt }: { readonly methods: readonly SignInMethod[]; readonly signedInAt: Date },
  now: Date,
): boolean {
  const age = now.getTime() - signedInAt.getTime();
  return age >= 0 && age < recentMs && methods.some((method) => strong.has(method));
}

/**
 * Whoever finds a browser open does not make themselves at home in it: what changes credentials, tokens or accounts
 * asks for a sign-in of the last minutes. Only of sessions; a token says for itself how long it lasts.
 *
 * @throws TidelockError `sign-in-again`
 */
export function requireRecent(principal: Principal | undefined, what: string): void {
  if (principal?.kind !== "session" || principal.session?.recent === true) return;
  throw new TidelockError("sign-in-again", `${what} wants a sign-in of the last ten minutes`, {
    fault: "operator",
    where: "session",
    hint: "sign in again with your second factor or passkey (tidelock login), then repeat it",
  });
}
