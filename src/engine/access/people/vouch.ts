import type { SponsorsView } from "../../../api/routes/people.ts";
import { encodeBase64 } from "../../../evidence/bytes.ts";
import { readVouch, vouchOf, vouchPredicate } from "../../../evidence/predicates/vouch.ts";
import { type Sponsorship, sponsorships } from "../../../identity/enrolment/sponsors.ts";
import { policyRight } from "../../../model/policy-proposal.ts";
import { type ToVouch, vouchRight } from "../../../model/vouch.ts";
import type { Actor } from "../../../ports/control-plane.ts";
import { grantsProjection, personKeysProjection } from "../../../store/projections/access.ts";
import { insertVouch } from "../../../store/queries/enrolment.ts";
import { announce } from "../../../store/queries/events.ts";
import { grantsFor, keysOf, linkOf, namesOf } from "../../../store/queries/grants.ts";
import { readTree } from "../../../store/queries/ledger-tree.ts";
import { personByName } from "../../../store/queries/people.ts";
import type { Db } from "../../../store/schema.ts";
import type { Engine } from "../../engine.ts";
import { groundsOf } from "../../ledger/leaning.ts";
import { requireWritable } from "../../ledger/writable.ts";
import { takeSigned } from "../../signing/take-signed.ts";
import { absence } from "./employment.ts";
import { gatherEnrolments } from "./enrolment.ts";
import { groundsOfEnrolments } from "./held.ts";
import { maxConsentBytes, refused, requireAnother, requireByRecord } from "./two-people.ts";

/** Who made an identity what it is, and a third person's word for it. */

const everywhere = { service: "", environment: "" };

/**
 * Every act for somebody, who stands behind it, and whose word lifts that. `voucher`: whoever wants to say so; they are
 * asked for all that they have not vouched for, because the word of whoever did may be no third person's somewhere.
 */
export async function showSponsors(
  db: Db,
  name: string,
  voucher: string | null = null,
): Promise<SponsorsView> {
  const person = await requireKnown(db, name);
  const { record } = await gatherEnrolments(db, [person]);
  const { origin } = await readTree(db);
  const lines = sponsorships(record, person);
  const known = new Map<string, string | null>();
  for (const one of new Set(lines.flatMap(({ by, vouched }) => [...by, ...vouched]))) {
    const provider = /^(provider:.*)#[^#]*$/su.exec(one)?.[1];
    known.set(one, provider ?? (await namesOf(db, one)).names[0] ?? null);
  }
  const named = (people: readonly string[]) =>
    people.map((one) => ({ person: one, name: known.get(one) ?? null }));
  const here = await absence(db, person, { now: new Date(), signedAt: null });
  return {
    person,
    name: (await namesOf(db, person)).names[0] ?? null,
    absent: here.why,
    acts: lines.map(({ act, by, proven, vouched }) => ({
      operation: act.operation,
      what: act.what,
      at: act.at,
      by: named(by),
      proven,
      vouched: named(vouched),
      open: isOpen({ act, by, proven, vouched }),
    })),
    toVouch: toVouch(person, origin, lines.filter(voucher === null ? isOpen : lacks(voucher))),
  };
}

function isOpen({ by, proven, vouched }: Pick<Sponsorship, "act" | "by" | "proven" | "vouched">) {
  return vouched.length === 0 && (by.length > 0 || !proven);
}

/** What somebody has not vouched for, whoever else did. */
function lacks(voucher: string) {
  return ({ by, proven, vouched }: Sponsorship) =>
    (by.length > 0 || !proven) && !vouched.includes(voucher);
}

/** What is to be signed; null: nothing is. */
function toVouch(person: string, ledger: string, open: readonly Sponsorship[]): ToVouch | null {
  if (open.length === 0) return null;
  const acts = open.map(({ act: { operation, what, at } }) => ({ operation, what, at }));
  return { person, ledger, acts: acts.slice(0, 1_000) };
}

/**
 * Takes a third person's signed word for what made an identity what it is.
 *
 * @throws TidelockError `not-found`, `invalid-input` (not a word for exactly what is open), `forbidden` (one of the
 *   sponsors, or made by one, or without the right), `denied` (the database is not what the ledger says)
 */
export async function vouchFor(
  engine: Engine,
  actor: Actor,
  name: string,
  bytes: Uint8Array,
): Promise<SponsorsView> {
  const { db } = engine;
  await requireWritable(db, "a word for somebody is an entry of the ledger");
  const person = await requireKnown(db, name);
  if (bytes.length > maxConsentBytes) throw notThis("it is too long", name);
  const read = readVouch(bytes);
  if (!read.ok) throw notThis(read.problem, name);
  const voucher = read.value.person;
  await requireByRecord(engine, async () => [
    ...groundsOf(personKeysProjection, await keysOf(db, voucher)),
    ...groundsOf(grantsProjection, await rightsOf(db, voucher)),
    ...groundsOfEnrolments([await gatherEnrolments(db, [person, voucher])]),
  ]);
  await db.transaction().execute(async (tx) => {
    const { said, id, keyId } = await takeSigned(tx, {
      person: voucher,
      bytes,
      states: vouchPredicate.type,
      says: vouchOf,
      what: "word for this identity",
      where: name,
      again: "sign it anew: tidelock person vouch",
      stream: "system",
    });
    const { of } = said;
    const { origin } = await readTree(tx);
    if (of.person !== person) throw notThis("it is about somebody else", name);
    if (of.ledger !== origin) throw notThis("it is about another ledger", name);
    await requireThird(tx, { person, voucher, name });
    const before = await gatherEnrolments(tx, [person, voucher]);
    const lines = sponsorships(before.record, person);
    for (const { operation, what, at } of of.acts) {
      const same = lines.find(({ act }) => act.operation === operation);
      if (same?.act.what === what && same.act.at === at) continue;
      throw notThis(`${operation} is not what made this person what they are`, name);
    }
    const operations = of.acts.map(({ operation }) => operation);
    const row = await insertVouch(tx, {
      id,
      person,
      voucher,
      issuer: null,
      key_id: keyId,
      acts: JSON.stringify(operations),
      envelope: encodeBase64(bytes),
      added_by: actor.id,
    });
    if (!row) throw refused("conflict", "this very word was handed in before", name);
    const { record } = await gatherEnrolments(tx, [person]);
    const moved = sponsorships(record, person).some(
      ({ act, vouched }) => operations.includes(act.operation) && vouched.includes(voucher),
    );
    if (!moved) {
      throw refused(
        "forbidden",
        "this is no third person's word: whoever gives it is behind the identity, or the same people are behind both",
        name,
        "tidelock person sponsors shows who; somebody else has to vouch",
      );
    }
    await announce(tx, {
      kind: "person.changed",
      message: `somebody vouched for what made ${person} what they are (${operations.length})`,
    });
  });
  engine.signals.emit("change");
  return showSponsors(db, name);
}

function rightsOf(db: Db, person: string) {
  return Promise.all(
    [vouchRight, policyRight].map((right) => grantsFor(db, right, everywhere, person)),
  ).then((lists) => lists.flat());
}

async function requireThird(
  tx: Db,
  { person, voucher, name }: { person: string; voucher: string; name: string },
): Promise<void> {
  await requireAnother(tx, voucher, [person], name);
  if ((await rightsOf(tx, voucher)).length > 0) return;
  throw refused(
    "forbidden",
    "nobody gave this person the right to vouch for others",
    name,
    "tidelock person grant <name> --vouch",
  );
}

function notThis(problem: string, name: string) {
  return refused(
    "invalid-input",
    `this is no word for ${name}: ${problem}`,
    name,
    "look at what is open now: tidelock person sponsors; then tidelock person vouch",
  );
}

/** The pseudonym that stands for somebody, by any of their names. */
async function requireKnown(db: Db, name: string): Promise<string> {
  const row = await personByName(db, name);
  if (!row) {
    throw refused("not-found", "nobody is known by this name", name, "tidelock person list");
  }
  return (await linkOf(db, row.pseudonym))?.person ?? row.pseudonym;
}
