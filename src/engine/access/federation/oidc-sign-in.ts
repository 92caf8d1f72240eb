import { createHash, hkdfSync, randomUUID } from "node:crypto";
import { decodeProtectedHeader, EncryptJWT, jwtDecrypt } from "jose";
import { z } from "zod";
import { PersonName } from "../../../api/routes/manual.ts";
import {
  isFresh,
  nameIn,
  ownPath,
  unmetDemand,
  wordOf,
} from "../../../identity/oidc/provider-word.ts";
import { digestBytes, utf8 } from "../../../evidence/bytes.ts";
import { isShared } from "../../../identity/lineage.ts";
import { plainName } from "../../../identity/plain-name.ts";
import { askKeys } from "../../../issuers/ask-issuer.ts";
import { IssuerKeys } from "../../../issuers/issuer-keys.ts";
import { ProviderClient, type SignedIdentity } from "../../../issuers/provider-client.ts";
import type { IdentityProvider } from "../../../model/identity-provider.ts";
import { signInReturnPath } from "../../../model/identity-provider.ts";
import { TidelockError } from "../../../model/errors.ts";
import type { IdentityControl } from "../../../ports/identity-control.ts";
import { personIdentitiesProjection } from "../../../store/projections/identities.ts";
import { databaseTime } from "../../../store/queries/attestations.ts";
import { announce } from "../../../store/queries/events.ts";
import { linkOf } from "../../../store/queries/grants.ts";
import { addIdentity, identitiesEver, identityOf } from "../../../store/queries/identities.ts";
import { pseudonymOf } from "../../../store/queries/ledger.ts";
import { programs } from "../../../store/queries/people.ts";
import { forgetUses, useOnce } from "../../../store/queries/workload.ts";
import type { Db } from "../../../store/schema.ts";
import type { Engine } from "../../engine.ts";
import { groundsOf } from "../../ledger/leaning.ts";
import { requireWritable } from "../../ledger/writable.ts";
import { modeByRecord } from "../../policy/governance.ts";
import {
  identityDigest,
  linkIdentity,
  listPersonIdentities,
  newIdentityId,
  unlinkIdentity,
} from "./identities.ts";
import { ownSponsors, vouchByProvider } from "./provider-vouch.ts";
import {
  letProviderVouch,
  letProviderVouchNoMore,
  listVouchingProviders,
} from "./vouching-providers.ts";
import { signedOutThere, signOutThere } from "./sign-out.ts";
import { openSession } from "../sign-in/sessions.ts";
import { whyUnclear } from "../people/clear-name.ts";
import { requireByRecord } from "../people/two-people.ts";

/**
 * A provider is asked for its keys this often at most: it says once that somebody has signed out, also right after it has
 * changed its keys, and does not try again.
 */
const keysPause = { ms: 2_000, waits: true };

export function makeIdentityControl(engine: Engine): IdentityControl {
  const known = engine.providers;
  const rules = { origins: engine.settings.issuerOrigins };
  const clients = new Map(
    (known?.providers ?? []).map((provider) => {
      const { id } = provider.settings;
      const back = `${known?.publicUrl ?? ""}${signInReturnPath.replace(":provider", id)}`;
      return [id, new ProviderClient(provider, back, rules)];
    }),
  );
  const keys = new IssuerKeys((issuer) => askKeys(issuer, rules), undefined, keysPause);
  const clientOf = (id: string): ProviderClient => {
    const client = clients.get(id);
    if (client) return client;
    throw new TidelockError("not-found", "there is no such provider", {
      fault: "operator",
      where: "provider",
    });
  };
  return {
    publicUrl: () => known?.publicUrl ?? null,
    providers: () => [...clients.values()].map(({ settings: { id, name } }) => ({ id, name })),
    begin: (provider, to, again) => begin(engine, clientOf(provider), to, again),
    finish: (provider, query, kept, device) =>
      finish(engine, clientOf(provider), { query, kept }, device),
    signOutThere: (session) => signOutThere(engine, (id) => clients.get(id), session),
    signedOutThere: (provider, token) => signedOutThere(engine, clientOf(provider), keys, token),
    vouching: () => listVouchingProviders(engine),
    letVouch: (actor, wish) => letProviderVouch(engine, actor, wish),
    letVouchNoMore: (actor, id) => letProviderVouchNoMore(engine, actor, id),
    ownSponsors: (actor) => ownSponsors(engine, actor),
    vouch: (actor, acts) => vouchByProvider(engine, actor, acts),
    list: (name) => listPersonIdentities(engine, name),
    link: (actor, wish) => linkIdentity(engine, actor, wish),
    unlink: (actor, id) => unlinkIdentity(engine, actor, id),
  };
}

/** What a browser keeps while somebody is at the provider; sealed, so that nobody reads or makes one. */
const Kept = z.strictObject({
  provider: z.string(),
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  to: z.string(),
  jti: z.string(),
  exp: z.number(),
});

/** As long as somebody may be at the provider. Seconds. */
const keptSeconds = 600;

async function begin(engine: Engine, client: ProviderClient, to: string, again: boolean) {
  const { id: provider } = client.settings;
  const { url, checks } = await client.begin(again).catch((cause: unknown) => {
    engine.notice(`the provider ${provider} cannot be asked: ${String(cause)}`);
    throw new TidelockError("unavailable", "the provider does not answer right now", {
      retryable: true,
      where: provider,
      hint: "sign in another way, or try again in a moment",
    });
  });
  const exp = Math.floor(Date.parse(await databaseTime(engine.db)) / 1000) + keptSeconds;
  const content = { provider, ...checks, to: ownPath(to), jti: randomUUID(), exp };
  const kept = await new EncryptJWT(content)
    .setProtectedHeader({ alg: "dir", enc: "A256GCM" })
    .encrypt(await keepingKey(engine));
  return { url, kept, seconds: keptSeconds };
}

/** Of the key that every server of a database has and the database has not. */
async function keepingKey(engine: Engine): Promise<Uint8Array> {
  const master = await engine.log.keys.sealingKey();
  return new Uint8Array(hkdfSync("sha256", master, "", "tidelock provider sign-in 1", 32));
}

async function finish(
  engine: Engine,
  client: ProviderClient,
  { query, kept: sealed }: { readonly query: string; readonly kept: string | null },
  device: { readonly place: string; readonly program: string },
) {
  const { db } = engine;
  const { settings } = client;
  await requireWritable(db, "who signs in for the first time is an entry of the ledger");
  const now = Date.parse(await databaseTime(db));
  const kept = await readKept(engine, sealed, now);
  if (kept === null || kept.provider !== settings.id) {
    throw nobody("this browser was not sent to this provider, or too long ago");
  }
  const use = createHash("sha256").update(`sign-in ${kept.jti}`).digest("hex");
  // Before the provider is asked: a code that somebody slipped in is tried once.
  if (!(await useOnce(db, `sha256:${use}`, new Date(kept.exp * 1000 + 60_000)))) {
    throw nobody("this answer was used before");
  }
  const identity = await client.finish(query, kept, now - Date.now()).catch((cause: unknown) => {
    engine.notice(`a sign-in at ${settings.id} was refused: ${reasonOf(cause)}`);
    // What strangers try leaves no more behind than what they are let in by.
    void forgetUses(db).catch(() => undefined);
    throw nobody("the provider's answer is not one to what this browser had asked");
  });
  const unmet = unmetDemand(settings, identity.claims);
  if (unmet !== null) throw nobody(unmet);
  const row = await identityOf(db, identityDigest(identity.issuer, identity.subject));
  await requireByRecord(engine, async () =>
    groundsOf(personIdentitiesProjection, row ? [row] : []),
  );
  const solo = (await modeByRecord(engine)) === "solo";
  const opened = await db.transaction().execute(async (tx) => {
    const person = await personFor(tx, settings, identity);
    const link = await identityOf(tx, identityDigest(identity.issuer, identity.subject));
    const provider = {
      ...wordOf(settings, identity.claims, solo),
      ...signedFacts(identity, link?.id),
    };
    const fresh = isFresh(settings, identity.claims, now);
    const methods = fresh ? (["oidc", "oidc-factor"] as const) : (["oidc"] as const);
    const { issuer, token } = identity;
    const hint = settings.signOut === "there" ? { hint: token } : {};
    return openSession(engine, tx, { person, methods, issuer, provider, ...hint }, device);
  });
  engine.signals.emit("change");
  void forgetUses(db).catch(() => undefined);
  return { secret: opened.secret, expiresAt: opened.expiresAt, to: kept.to };
}

/** What of the sign-in a word for somebody could rest on, if the provider says when it asked. */
function signedFacts({ claims, token }: SignedIdentity, identity: string | undefined) {
  const authTime = claims["auth_time"];
  if (identity === undefined || typeof authTime !== "number") return {};
  const { kid = null } = decodeProtectedHeader(token);
  return { signed: { identity, authTime, key: kid, token: digestBytes(utf8(token)) } };
}

/** Null for anything but what we have sealed, and not long ago by the database's clock. */
async function readKept(engine: Engine, sealed: string | null, now: number) {
  if (sealed === null || sealed.length > 4_000) return null;
  try {
    const { payload } = await jwtDecrypt(sealed, await keepingKey(engine), {
      keyManagementAlgorithms: ["dir"],
      contentEncryptionAlgorithms: ["A256GCM"],
      currentDate: new Date(now),
    });
    return Kept.parse(payload);
  } catch {
    return null;
  }
}

/** Whose identity it is now; by the provider's rule a person who was not known before, and never one who was. */
async function personFor(
  tx: Db,
  { id, newPeople }: IdentityProvider,
  { issuer, subject, claims }: SignedIdentity,
): Promise<string> {
  const digest = identityDigest(issuer, subject);
  const known = await identityOf(tx, digest);
  if (known) return requireSelf(tx, known.person);
  const said = newPeople === undefined ? null : nameIn(claims, newPeople.name);
  if (newPeople === undefined || said === null) {
    throw nobody(
      `no person here is linked to your identity there, which is \`${subject.slice(0, 255)}\``,
      `ask somebody who may: tidelock person link-identity <name> --provider ${id} --subject …`,
    );
  }
  // One human who gives up who they are would come back as somebody else, whom nobody stands behind.
  if ((await identitiesEver(tx, [digest])).length > 0) {
    throw nobody(
      "your identity there was linked to somebody here before, and that was taken away",
      `ask somebody who may to link your identity \`${subject.slice(0, 255)}\` again: tidelock person link-identity`,
    );
  }
  const name = PersonName.safeParse(said);
  if (!name.success) throw nobody("what the provider calls you cannot be a name here");
  const shown = name.data;
  const taken = isShared(shown) || programs.has(shown) || (await isTaken(tx, shown));
  if (taken || (await whyUnclear(tx, shown)) !== null) {
    throw nobody(
      "somebody is known by your name here already, and a name alone proves nothing",
      `ask somebody who may to link your identity \`${subject.slice(0, 255)}\`: tidelock person link-identity`,
    );
  }
  const person = await pseudonymOf(tx, name.data);
  const wish = { id: newIdentityId(), person, issuer, identity: digest, proposal: null };
  if (!(await addIdentity(tx, wish, "tidelock"))) throw nobody("try again");
  await announce(tx, {
    kind: "person.changed",
    message: `${name.data} signed in at ${id} for the first time`,
  });
  return person;
}

/** Also when it only looks like another one: whoever chooses their own name at a provider becomes nobody's double. */
async function isTaken(tx: Db, name: string): Promise<boolean> {
  const plain = plainName(name);
  const rows = await tx
    .selectFrom("ledger_people")
    .select("person")
    .where("person", "is not", null)
    .execute();
  return rows.some(({ person }) => person !== null && plainName(person) === plain);
}

/** Nobody signs in as another name of somebody, or as somebody who was erased. */
async function requireSelf(tx: Db, person: string): Promise<string> {
  const row = await tx
    .selectFrom("ledger_people")
    .select("person")
    .where("pseudonym", "=", person)
    .executeTakeFirst();
  if (row?.person && !(await linkOf(tx, person))) return person;
  throw nobody("the person of this identity is not known any more");
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return "";
  const code = "code" in cause && typeof cause.code === "string" ? `${cause.code}: ` : "";
  const inner = cause.cause instanceof Error ? ` (${cause.cause.message})` : "";
  return `${code}${cause.message}${inner}`.slice(0, 500);
}

function nobody(
  problem: string,
  hint = "go back to the sign-in page, and try again",
): TidelockError {
  return new TidelockError("unauthenticated", `nobody was signed in: ${problem}`, {
    fault: "operator",
    where: "sign-in",
    hint,
  });
}
