import { encodeBase64 } from "../../evidence/bytes.ts";
import {
  readWaiverConsent,
  waiverConsent,
  waiverConsentOf,
} from "../../evidence/predicates/waiver-consent.ts";
import { laneKey } from "../../model/primitives.ts";
import { fromWaiverId, type Waived, type WaiverId } from "../../model/waiver.ts";
import type { Actor } from "../../ports/control-plane.ts";
import {
  grantsProjection,
  personKeysProjection,
  personLinksProjection,
} from "../../store/projections/access.ts";
import { waiversProjection } from "../../store/projections/waivers.ts";
import { databaseTime } from "../../store/queries/attestations.ts";
import { announce } from "../../store/queries/events.ts";
import { grantsFor, keysOf, namesOf } from "../../store/queries/grants.ts";
import { lockWaiver, readWaiver, signWaiver } from "../../store/queries/waivers.ts";
import type { WaiverRow } from "../../store/schema-waivers.ts";
import type { Db } from "../../store/schema.ts";
import {
  maxConsentBytes,
  neededPeople,
  refused,
  requireByRecord,
} from "../access/people/two-people.ts";
import { gatherEnrolments } from "../access/people/enrolment.ts";
import { groundsOfEnrolments } from "../access/people/held.ts";
import type { Engine } from "../engine.ts";
import { groundsOf } from "../ledger/leaning.ts";
import { requireWritable } from "../ledger/writable.ts";
import { requireAllowed, requireEnd, requireSame } from "./propose.ts";
import { takeSigned } from "../signing/take-signed.ts";
import { requireOthersWork } from "./separation.ts";
import { acceptRight, signerAgainst } from "./signer.ts";

/**
 * Takes a person's signature under a waiver. With the second person's it is in force: two different people with the
 * right, neither of them alone, and the second one not about work of their own.
 *
 * @throws TidelockError `not-found`, `invalid-input` (not a consent to this), `forbidden` (no right, own work, or not
 *   allowed here any more), `conflict` (signed already, over, the same person, or what is accepted was changed),
 *   `denied` (the database is not what the ledger says)
 */
export async function consentToWaiver(
  engine: Engine,
  actor: Actor,
  id: WaiverId,
  bytes: Uint8Array,
): Promise<WaiverRow> {
  await requireWritable(engine.db, "a signature is an entry of the ledger");
  const found = await existingWaiver(engine.db, id);
  const person = whoSays(bytes, id);
  await requireUnedited(engine, found, person);
  const row = await engine.db.transaction().execute(async (tx) => {
    const waiver = await lockWaiver(tx, found.id);
    if (!waiver) throw refused("not-found", "the waiver is gone", id);
    await requireWaiting(tx, engine, waiver);
    const key = await requireSigned(tx, waiver, person, bytes);
    await requireRight(tx, waiver.content, person);
    const against = await signerAgainst(tx, waiver, { person, key });
    if (against !== null) throw refused("forbidden", against, id);
    const [first] = waiver.signatures;
    if (first?.person === person || first?.key === key) {
      throw refused("conflict", "this person has signed it; another one has to", id);
    }
    const last = waiver.signatures.length + 1 >= neededPeople;
    const separation = last ? await requireOthersWork(tx, waiver, person) : null;
    const at = await databaseTime(tx);
    const envelope = encodeBase64(bytes);
    const signed = await signWaiver(
      tx,
      waiver,
      { person, key, envelope, separation, at },
      actor.id,
    );
    await announce(tx, {
      kind: "waiver.signed",
      service: waiver.service,
      environment: waiver.environment,
      message: `${id} ${last ? `is in force until ${waiver.content.until}` : "was signed by one person, and waits for another"}`,
    });
    if (last) await engine.wake(tx, waiver);
    return signed;
  });
  engine.signals.emit("change");
  engine.signals.emit("lane", { service: row.service, environment: row.environment });
  return row;
}

/** Throws `not-found`. */
export async function existingWaiver(db: Db, id: WaiverId): Promise<WaiverRow> {
  const row = await readWaiver(db, fromWaiverId(id));
  if (row) return row;
  throw refused("not-found", `there is no waiver ${id}`, id, "see them: tidelock waiver list");
}

function whoSays(bytes: Uint8Array, id: string): string {
  if (bytes.length > maxConsentBytes) {
    const message = `it has ${bytes.length} bytes; at most ${maxConsentBytes} are taken`;
    throw refused("invalid-input", message, id);
  }
  const read = readWaiverConsent(bytes);
  if (read.ok) return read.value.person;
  throw refused("invalid-input", `this is no consent to ${id}: ${read.problem}`, id);
}

/** Still proposed, in time, allowed, and about what it was about. */
async function requireWaiting(tx: Db, engine: Engine, waiver: WaiverRow): Promise<void> {
  const { state, content } = waiver;
  const { waiver: id, until, environment, of } = content;
  if (state !== "proposed") throw refused("conflict", `${id} is ${state}`, id);
  const policy = await requireAllowed(tx, environment, of.kind);
  await requireEnd(tx, until, policy, environment);
  await requireSame(tx, engine, waiver);
}

async function requireSigned(
  tx: Db,
  { content: waived, service, environment }: WaiverRow,
  person: string,
  bytes: Uint8Array,
): Promise<string> {
  const { keyId } = await takeSigned(tx, {
    person,
    bytes,
    states: waiverConsent.type,
    says: (payload) => waiverConsentOf(payload, { waived, person }),
    what: `consent to ${waived.waiver}`,
    where: waived.waiver,
    again: `sign it anew: tidelock waiver sign ${waived.waiver}`,
    stream: laneKey({ service, environment }),
  });
  return keyId;
}

async function requireRight(tx: Db, { service, environment, waiver }: Waived, person: string) {
  const grants = await grantsFor(tx, acceptRight, { service, environment }, person);
  if (grants.length > 0) return;
  throw refused(
    "forbidden",
    `nobody gave this person the right to accept risks of ${service} in ${environment}`,
    waiver,
    `tidelock person grant <name> --accept-risks --service ${service} --environment ${environment}`,
  );
}

/** Waiver, earlier signatures, keys, names and rights are what the signed log says they are. */
async function requireUnedited(engine: Engine, waiver: WaiverRow, person: string): Promise<void> {
  const { db } = engine;
  const { id, service, environment } = waiver;
  const people = [person, ...waiver.signatures.map((one) => one.person)];
  await requireByRecord(engine, async () => {
    const row = await readWaiver(db, id);
    const keys = await Promise.all(people.map((one) => keysOf(db, one)));
    const names = await Promise.all(people.map((one) => namesOf(db, one)));
    const grants = await grantsFor(db, acceptRight, { service, environment }, person);
    return [
      ...groundsOf(waiversProjection, row ? [row] : []),
      ...groundsOf(personKeysProjection, keys.flat()),
      ...groundsOf(
        personLinksProjection,
        names.flatMap(({ links }) => links),
      ),
      ...groundsOf(grantsProjection, grants),
      ...groundsOfEnrolments([await gatherEnrolments(db, people)]),
    ];
  });
}
