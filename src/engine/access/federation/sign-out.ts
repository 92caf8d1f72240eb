import { createHash } from "node:crypto";
import { logoutType, readLogoutToken } from "../../../identity/oidc/logout-token.ts";
import { readSignedToken, verifySignedToken } from "../../../identity/oidc/signed-token.ts";
import { readTimes } from "../../../identity/oidc/times.ts";
import type { IssuerKeys } from "../../../issuers/issuer-keys.ts";
import type { ProviderClient } from "../../../issuers/provider-client.ts";
import { TidelockError } from "../../../model/errors.ts";
import { databaseTime } from "../../../store/queries/attestations.ts";
import { announce } from "../../../store/queries/events.ts";
import { identityOf } from "../../../store/queries/identities.ts";
import { removeSessionsOf, sessionById } from "../../../store/queries/sessions.ts";
import { forgetUses, useOnce } from "../../../store/queries/workload.ts";
import type { Engine } from "../../engine.ts";
import { openedHint } from "../sign-in/provider-hint.ts";
import { identityDigest } from "./identities.ts";

/** Signing out here and at the provider, whoever says so first. */

/** A provider that does not answer keeps nobody from signing out here. Milliseconds. */
const patienceMs = 2_000;

/**
 * Where a browser goes on to so that it is signed out at the provider, too (OpenID Connect RP-Initiated Logout 1.0). Null:
 * it was signed in otherwise, or that is not wanted, or the provider has no such address or does not answer.
 */
export async function signOutThere(
  engine: Engine,
  clientOf: (id: string) => ProviderClient | undefined,
  session: string,
): Promise<string | null> {
  const row = await sessionById(engine.db, session);
  if (!row || row.provider === null || row.carried !== "cookie") return null;
  const client = clientOf(row.provider.provider);
  if (client?.settings.signOut !== "there" || client.settings.issuer !== row.issuer) return null;
  const hint = await openedHint(engine, row.id, row.provider_hint);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), patienceMs);
  });
  const asked = client.endAddress(hint).catch((cause: unknown) => {
    engine.notice(`nobody can be signed out at ${client.settings.id}: ${String(cause)}`);
    return null;
  });
  return Promise.race([asked, late]).finally(() => clearTimeout(timer));
}

/** How old a logout token may be: a provider says so at once, or tries again for a while. Milliseconds. */
const maxAgeMs = 600_000;

/**
 * Ends what a provider says has ended there (OpenID Connect Back-Channel Logout 1.0, 2.5 and 2.6), for the next request at
 * every server. In the order of what it costs: a stranger's token is read, at worst held against a key that is here
 * already, and reaches the database with a signature of the provider's alone.
 *
 * @throws TidelockError `invalid-input` for anything but a logout token of this provider's for us, used once
 */
export async function signedOutThere(
  engine: Engine,
  client: ProviderClient,
  keys: IssuerKeys,
  text: string,
): Promise<void> {
  const { db } = engine;
  const { issuer, clientId, algorithm, id } = client.settings;
  const token = readSignedToken(text, logoutType);
  if (!token.ok) throw notThis(token.problem);
  if (token.value.alg !== algorithm) throw notThis(`the token is not signed by ${algorithm}`);
  const said = readLogoutToken(token.value, { issuer, clientId });
  if (!said.ok) throw notThis(said.problem);
  const key = await keys.keyFor(issuer, token.value);
  if (key === null || !(await verifySignedToken(token.value, key))) {
    throw notThis("no key of the provider's has signed the token");
  }
  const now = Date.parse(await databaseTime(db));
  const times = readTimes(token.value.claims, { now, maxAgeMs, needsNotBefore: false });
  if (typeof times === "string") throw notThis(times);
  const { subject, sid, jti } = said.value;
  const ended = await db.transaction().execute(async (tx) => {
    const use = createHash("sha256")
      .update(JSON.stringify(["logout", issuer, jti]))
      .digest("hex");
    const until = new Date(Math.max(times.expiresAt, times.issuedAt + maxAgeMs) + 300_000);
    if (!(await useOnce(tx, `sha256:${use}`, until))) throw notThis("it was used before");
    const identity =
      subject === null ? undefined : await identityOf(tx, identityDigest(issuer, subject));
    const count = await removeSessionsOf(tx, issuer, { person: identity?.person ?? null, sid });
    const message = `${id} says that somebody has signed out there: ${count} sessions ended`;
    if (count > 0) await announce(tx, { kind: "account.changed", message });
    return count;
  });
  if (ended > 0) engine.signals.emit("change");
  void forgetUses(db).catch(() => undefined);
}

function notThis(problem: string): TidelockError {
  return new TidelockError("invalid-input", `nobody was signed out: ${problem}`, {
    fault: "operator",
    where: "logout_token",
  });
}
