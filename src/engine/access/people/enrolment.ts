import {
  type EnrolmentAct,
  type EnrolmentRecord,
  actSays,
  whoDid,
} from "../../../identity/enrolment/acts.ts";
import { countingWords } from "../../../identity/enrolment/provider-words.ts";
import { isShared } from "../../../identity/lineage.ts";
import { providerAs } from "../../../model/provider-vouch.ts";
import { databaseTime } from "../../../store/queries/attestations.ts";
import {
  type ActEntry,
  enrolmentEntries,
  foundedAt,
  samePeople,
  type SignedChange,
  signedEnrolments,
  vouchesFor,
} from "../../../store/queries/enrolment.ts";
import {
  identitiesEver,
  listIdentities,
  vouchingProviders,
} from "../../../store/queries/identities.ts";
import { programs } from "../../../store/queries/people.ts";
import type { PersonVouchRow } from "../../../store/schema-enrolment.ts";
import type { PersonIdentityRow, VouchingProviderRow } from "../../../store/schema-identities.ts";
import type { Db } from "../../../store/schema.ts";

/** What a record of enrolments was made from. */
export interface Gathered {
  readonly record: EnrolmentRecord;
  readonly entries: readonly ActEntry[];
  readonly vouches: readonly PersonVouchRow[];
  /** By which words of providers count, and those before them of the same names there. */
  readonly identities: readonly PersonIdentityRow[];
  readonly settings: readonly VouchingProviderRow[];
}

/** Further than this nobody is followed: then what is left out proves nothing, and the acts behind it count as unproven. */
const mostPeople = 2_000;

/** Everything about how these people came to be here, and whoever stands behind them, and so on: out of the log itself. */
export async function gatherEnrolments(db: Db, people: readonly string[]): Promise<Gathered> {
  const [changes, founded] = await Promise.all([signedEnrolments(db), foundedAt(db)]);
  const acts = new Map<string, EnrolmentAct[]>();
  const entries: ActEntry[] = [];
  const vouches: PersonVouchRow[] = [];
  const identities: PersonIdentityRow[] = [];
  const settings: VouchingProviderRow[] = [];
  const same = new Map<string, string>();
  const seen = new Set<string>();
  let next = [...new Set(people)];
  while (next.length > 0 && seen.size < mostPeople) {
    const links = await samePeople(db, next);
    for (const [name, person] of links) same.set(name, person);
    const now = [...new Set(next.map((one) => links.get(one) ?? one))].filter((p) => !seen.has(p));
    for (const one of [...next, ...now]) seen.add(one);
    const [found, words] = await Promise.all([enrolmentEntries(db, now), vouchesFor(db, now)]);
    entries.push(...found);
    vouches.push(...words);
    const said = await gatherProviders(db, words);
    identities.push(...said.identities);
    settings.push(...said.settings);
    const further: string[] = [...words.flatMap(({ voucher }) => voucher ?? []), ...said.further];
    for (const entry of found) {
      const act = actOf(entry, changes);
      if (act === null) continue;
      acts.set(act.person, [...(acts.get(act.person) ?? []), act]);
      further.push(...act.by, ...act.signed);
    }
    next = [...new Set(further)].filter((one) => !seen.has(one));
  }
  const providers = countingWords({
    words: vouches.flatMap(({ person, issuer, acts: operations, facts }) =>
      issuer === null || facts === null ? [] : [{ person, issuer, acts: operations, facts }],
    ),
    identities: identities
      .filter((row) => row.removed_at === null)
      .map((row) => ({
        ...row,
        byProvider: row.added_by === "tidelock",
        held: identities.flatMap((one) => (one.identity === row.identity ? [one.person] : [])),
      })),
    settings,
    acts,
    same,
    team: founded !== null,
    now: await databaseTime(db),
  });
  const cut = next.length > 0;
  const all = new Map([...acts, ...providers.acts]);
  const record = {
    acts: cut ? new Map([...all].map(([who, list]) => [who, list.map(unproven)])) : all,
    vouchings: [
      ...vouches.flatMap(({ voucher, acts: operations }) =>
        voucher === null ? [] : [{ by: voucher, acts: operations }],
      ),
      ...providers.vouchings,
    ],
    same,
    foundedAt: founded?.toISOString() ?? null,
  };
  return { record, entries, vouches, identities, settings };
}

/** Links and settings by which words of providers count, and whose acts tell who stands behind them. */
async function gatherProviders(db: Db, words: readonly PersonVouchRow[]) {
  const issuers = [...new Set(words.flatMap(({ issuer }) => issuer ?? []))];
  const people = [...new Set(words.flatMap(({ issuer, person }) => (issuer ? [person] : [])))];
  const [settings, ...found] = await Promise.all([
    vouchingProviders(db, issuers),
    ...people.map((person) => listIdentities(db, person)),
  ]);
  const ever = await identitiesEver(
    db,
    found.flat().map(({ identity }) => identity),
  );
  const administrators = settings.flatMap((row) => row.administrators);
  return {
    settings,
    identities: ever,
    further: [...issuers.map(providerAs), ...administrators, ...ever.map(({ person }) => person)],
  };
}

function unproven(act: EnrolmentAct): EnrolmentAct {
  return { ...act, proven: false };
}

/** Null: nobody could do anything by it that they could not before. */
function actOf(entry: ActEntry, changes: readonly SignedChange[]): EnrolmentAct | null {
  const { kind, operation, person, payload, actor, actor_name: name, at } = entry;
  const says = actSays(kind, payload);
  if (says === null) return null;
  const nobody = programs.has(actor) || (name !== null && isShared(name));
  const did = whoDid(nobody ? null : actor, signersOf(entry, changes));
  return { operation, kind, ...says, person, ...did, at: at.toISOString() };
}

/** `own`: of the proposal that brought it about; `beside`: who gave a right to exactly this key saw it too. */
function signersOf(
  { kind, operation, payload }: ActEntry,
  changes: readonly SignedChange[],
): { readonly own: readonly string[]; readonly beside: readonly string[] } {
  const mine = changes.filter(
    ({ effect, proposal }) =>
      (typeof effect["key"] === "string" && operation === `person-key/${effect["key"]}/1`) ||
      (typeof effect["grant"] === "string" && operation === `grant/${effect["grant"]}/1`) ||
      (typeof effect["assignment"] === "string" &&
        operation === `role-assignment/${effect["assignment"]}/1`) ||
      payload["proposal"] === proposal,
  );
  const key = payload["key"];
  const beside =
    kind === "person.key-added" && typeof key === "string"
      ? changes.filter(({ change }) => {
          const keys = change["keys"];
          return change["kind"] === "grant" && Array.isArray(keys) && keys.includes(key);
        })
      : [];
  return {
    own: mine.flatMap(({ signers }) => signers),
    beside: beside.flatMap(({ signers }) => signers),
  };
}
