import type { SponsorsView } from "../../../api/routes/people.ts";
import { digestBytes, utf8 } from "../../../evidence/bytes.ts";
import { recentMs } from "../../../identity/accounts/recent.ts";
import { sponsorships } from "../../../identity/enrolment/sponsors.ts";
import { unmetDemand } from "../../../identity/oidc/provider-word.ts";
import { canonicalJson } from "../../../model/canonical.ts";
import type { ProviderWord } from "../../../model/identity-provider.ts";
import { providerAs, type SignedFacts, type VouchFacts } from "../../../model/provider-vouch.ts";
import type { Actor } from "../../../ports/control-plane.ts";
import {
  personIdentitiesProjection,
  vouchingProvidersProjection,
} from "../../../store/projections/identities.ts";
import { databaseTime } from "../../../store/queries/attestations.ts";
import { insertVouch } from "../../../store/queries/enrolment.ts";
import { announce } from "../../../store/queries/events.ts";
import { namesOf } from "../../../store/queries/grants.ts";
import { listIdentities, vouchingProviders } from "../../../store/queries/identities.ts";
import type { VouchingProviderRow } from "../../../store/schema-identities.ts";
import type { Db } from "../../../store/schema.ts";
import type { Engine } from "../../engine.ts";
import { groundsOf } from "../../ledger/leaning.ts";
import { requireWritable } from "../../ledger/writable.ts";
import { lockPolicy } from "../../policy/lock.ts";
import { gatherEnrolments } from "../people/enrolment.ts";
import { groundsOfEnrolments } from "../people/held.ts";
import { refused, requireByRecord } from "../people/two-people.ts";
import { showSponsors } from "../people/vouch.ts";
import { sealedSession } from "../sign-in/sessions.ts";

/**
 * Whoever has just signed in at a provider that may vouch says which of the things that others made for them are theirs.
 * The provider's signature says who it is; that they say so is what keeps a key that somebody slipped in from being vouched
 * for by a sign-in that was about something else.
 */

/** What others made for whoever asks, and what of it is still open. */
export async function ownSponsors(engine: Engine, actor: Actor): Promise<SponsorsView> {
  return showSponsors(engine.db, await ownName(engine.db, actor));
}

/**
 * @param acts operations of entries, each of them open
 * @throws TidelockError `forbidden` (not just now, not at a provider, it may not vouch, or is no third
 *   person's word), `invalid-input` (no such act), `denied` (the database is not what the ledger says)
 */
export async function vouchByProvider(
  engine: Engine,
  actor: Actor,
  acts: readonly string[],
): Promise<SponsorsView> {
  const { db } = engine;
  await requireWritable(db, "a provider's word for somebody is an entry of the ledger");
  const name = await ownName(db, actor);
  const session = await sealedSession(engine, actor.principal?.credential?.id ?? "");
  const { signed } = session?.provider ?? {};
  // A terminal that was let in shows nobody what they say yes to.
  if (session?.carried !== "cookie" || session.issuer === null) throw again();
  if (session.provider === null || signed === undefined) throw again();
  const { person, issuer, provider } = session;
  await requireByRecord(engine, async () => [
    ...groundsOf(personIdentitiesProjection, await listIdentities(db, person)),
    ...groundsOf(vouchingProvidersProjection, await vouchingProviders(db, [issuer])),
    ...groundsOfEnrolments([await gatherEnrolments(db, [person])]),
  ]);
  await db.transaction().execute(async (tx) => {
    await lockPolicy(tx);
    const now = new Date(await databaseTime(tx));
    const [setting] = await vouchingProviders(tx, [issuer]);
    const linked = await listIdentities(tx, person);
    if (!setting) throw noWord("this provider may vouch for nobody", issuer);
    if (!linked.some(({ id, issuer: at }) => id === signed.identity && at === issuer))
      throw again();
    const facts = factsOf(setting, provider, signed, now);
    const before = sponsorships((await gatherEnrolments(tx, [person])).record, person);
    const unknown = acts.find((one) => !before.some(({ act }) => act.operation === one));
    if (unknown !== undefined) {
      throw refused("invalid-input", `${unknown} is nothing that was made for you`, "acts");
    }
    const row = await insertVouch(tx, {
      id: digestBytes(utf8(canonicalJson({ issuer, person, acts, facts }))),
      person,
      voucher: null,
      issuer,
      key_id: facts.key,
      acts: JSON.stringify(acts),
      envelope: null,
      facts: JSON.stringify(facts),
      added_by: actor.id,
    });
    if (!row) throw refused("conflict", "this was said before", name);
    const by = `${providerAs(issuer)}#${signed.identity}`;
    const { record } = await gatherEnrolments(tx, [person]);
    const moved = sponsorships(record, person).some(
      ({ act, vouched }) => acts.includes(act.operation) && vouched.includes(by),
    );
    if (!moved) {
      throw noWord(
        "the provider's is no third person's word here: who linked you there, let it vouch or administers it stands behind what is vouched for, or two people did not sign that",
        issuer,
      );
    }
    const message = `${issuer} vouched for what made ${person} what they are (${acts.length})`;
    await announce(tx, { kind: "person.changed", message });
  });
  engine.signals.emit("change");
  return showSponsors(db, name);
}

/** @throws TidelockError `forbidden` where it did not ask just now, or not for as much as two people want */
function factsOf(
  { id: setting, demand, days }: VouchingProviderRow,
  { acr, amr }: ProviderWord,
  signed: SignedFacts,
  now: Date,
): VouchFacts {
  if (Math.abs(now.getTime() - signed.authTime * 1_000) >= recentMs) throw again();
  const wanted = demand === null ? {} : { demand };
  const unmet = unmetDemand(wanted, { acr, amr });
  if (unmet !== null) throw noWord(unmet, "provider");
  const until = new Date(now.getTime() + days * 86_400_000);
  return { ...signed, setting, acr, amr, at: now.toISOString(), until: until.toISOString() };
}

async function ownName(db: Db, { principal }: Actor): Promise<string> {
  const person = principal?.kind === "session" ? principal.person : null;
  const [name] = person === null ? [] : (await namesOf(db, person)).names;
  if (name !== undefined) return name;
  throw refused("forbidden", "only whoever is signed in says what is theirs", "session");
}

function again() {
  return refused(
    "forbidden",
    "a provider vouches for who has signed in there within the last ten minutes",
    "session",
    "sign in at the provider again (/api/v1/sign-in/oidc/<provider>?again=true), then repeat it",
  );
}

function noWord(problem: string, where: string) {
  return refused("forbidden", problem, where, "docs/people.md says whose word counts");
}
