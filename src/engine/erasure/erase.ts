import { randomBytes } from "node:crypto";
import { plainName } from "../../identity/plain-name.ts";
import { TidelockError } from "../../model/errors.ts";
import type { Actor } from "../../ports/control-plane.ts";
import type { ErasureView } from "../../api/views.ts";
import {
  confirmErasureRow,
  eraseEntry,
  forgetPerson,
  insertErasure,
  listErasures,
  newestEntryBy,
  readErasure,
} from "../../store/queries/erasures.ts";
import { pseudonymOf } from "../../store/queries/ledger.ts";
import { personByName } from "../../store/queries/people.ts";
import { erasuresProjection } from "../../store/projections/erasure.ts";
import { peopleProjection } from "../../store/projections/people.ts";
import { recordRows } from "../../store/projections/projection.ts";
import { announce } from "../../store/queries/events.ts";
import type { ErasureRow } from "../../store/schema-audit.ts";
import type { Db } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";
import { requireAnother } from "../access/people/two-people.ts";
import { requireErasable, requireNoHold, requireOld } from "./erasable.ts";
import { requireByRecord } from "./by-the-record.ts";
import { eraseContent } from "./erase-content.ts";

/** What one person wants gone: the payload of an entry, or the link between a person and a pseudonym. */
export type ErasureWish = { readonly entry: number } | { readonly person: string };

/**
 * The first of two people asks. What may not be erased yet is refused now, not at the second person's desk.
 *
 * Throws `not-found`, `denied` (retention, legal hold, kind), `conflict` (waits already, or is gone).
 */
export async function requestErasure(
  engine: Engine,
  actor: Actor,
  wish: ErasureWish,
  reason: string,
): Promise<ErasureView> {
  const row = await engine.db.transaction().execute(async (tx) => {
    const pseudonym = "person" in wish ? await requirePerson(engine, tx, wish.person) : null;
    const entry = "entry" in wish ? (await requireErasable(engine, tx, wish.entry)).index : null;
    const id = `e${randomBytes(5).toString("hex")}`;
    const requested = { id, entry, pseudonym, reason, requested_by: actor.id };
    const row = await insertErasure(tx, requested);
    if (row) {
      const by = { ...row, requester: await pseudonymOf(tx, actor.id) };
      await recordRows(tx, erasuresProjection, [by], { actor: actor.id });
      return row;
    }
    throw new TidelockError("conflict", "its erasure was asked for already", {
      fault: "operator",
      hint: "another person confirms it: tidelock ledger erase confirm <id>",
    });
  });
  await announce(engine.db, {
    kind: "erasure.requested",
    message: `${actor.id} asked for the erasure ${row.id}: ${reason}`,
  });
  engine.signals.emit("change");
  return erasureView(row);
}

/**
 * The second person does it: everything in one transaction, the record of it included. Afterwards the
 * proofs of every entry are what they were, and nobody can say what the erased one said.
 *
 * Throws `forbidden` when it is the same person, `conflict` when it was done meanwhile, `denied` when the request or
 * a hold is not what the ledger says, and whatever has
 * come to forbid it since the request.
 */
export async function confirmErasure(
  engine: Engine,
  actor: Actor,
  id: string,
): Promise<ErasureView> {
  await requireByRecord(engine, () => readErasure(engine.db, id));
  const row = await engine.db.transaction().execute(async (tx) => {
    const asked = await readErasure(tx, id);
    if (!asked) {
      throw new TidelockError("not-found", `there is no erasure ${id}`, {
        fault: "operator",
        where: id,
        hint: "`tidelock ledger erase list` shows those that wait",
      });
    }
    await requireSecondPerson(tx, asked, actor);
    const row = await confirmErasureRow(tx, id, actor.id);
    if (!row) {
      throw new TidelockError("conflict", "it was done already", { fault: "operator", where: id });
    }
    if (row.entry === null) await eraseLink(engine, tx, actor, row);
    else await erasePayload(engine, tx, actor, row, Number(row.entry));
    return row;
  });
  engine.signals.emit("change");
  return erasureView(row);
}

export async function erasures(engine: Engine): Promise<readonly ErasureView[]> {
  return (await listErasures(engine.db, 200)).map(erasureView);
}

/** Nobody erases alone, administrators included (law 5). */
async function requireSecondPerson(tx: Db, asked: ErasureRow, actor: Actor): Promise<void> {
  const [one, other] = await Promise.all(
    [asked.requested_by, actor.id].map(async (name) => (await personByName(tx, name))?.pseudonym),
  );
  if (plainName(asked.requested_by) !== plainName(actor.id)) {
    if (one !== undefined && other !== undefined) await requireAnother(tx, other, [one], asked.id);
    return;
  }
  throw new TidelockError(
    "forbidden",
    `an erasure is confirmed by another person than asked for it; both are ${actor.id}`,
    {
      fault: "operator",
      where: asked.id,
      hint: "another person signs in and confirms it; until then nothing is erased",
    },
  );
}

async function erasePayload(
  engine: Engine,
  tx: Db,
  actor: Actor,
  row: ErasureRow,
  index: number,
): Promise<void> {
  const entry = await requireErasable(engine, tx, index);
  const blobs = await eraseContent(tx, entry);
  await eraseEntry(tx, entry.entry);
  await engine.ledger.append(tx, {
    operation: `erasure/${row.id}`,
    kind: "payload.erased",
    stream: "system",
    actor: actor.id,
    payload: {
      entry: index,
      kind: entry.kind,
      operation: entry.operation,
      reason: row.reason,
      blobs,
    },
  });
  await announce(tx, {
    kind: "payload.erased",
    message: `${actor.id} confirmed the erasure ${row.id}: entry ${index}`,
  });
}

async function requirePerson(engine: Engine, db: Db, person: string): Promise<string> {
  const known = await db
    .selectFrom("ledger_people")
    .select("pseudonym")
    .where("person", "=", person)
    .executeTakeFirst();
  if (!known) {
    throw new TidelockError("not-found", "the ledger knows nobody by this name", {
      fault: "operator",
      where: person,
    });
  }
  await requirePersonErasable(engine, db, known.pseudonym, person);
  return known.pseudonym;
}

/** As long as one of the person's entries has to be kept, so has who it was. */
async function requirePersonErasable(
  engine: Engine,
  db: Db,
  pseudonym: string,
  where: string,
): Promise<void> {
  const age = await newestEntryBy(db, pseudonym);
  if (age !== null) requireOld(engine, age, where);
  await requireNoHold(db, null, where);
}

async function eraseLink(engine: Engine, tx: Db, actor: Actor, row: ErasureRow): Promise<void> {
  const pseudonym = row.pseudonym ?? "";
  const known = await tx
    .selectFrom("ledger_people")
    .select("person")
    .where("pseudonym", "=", pseudonym)
    .executeTakeFirst();
  if (!known?.person) {
    throw new TidelockError("conflict", "this person is erased already", { fault: "operator" });
  }
  await requirePersonErasable(engine, tx, pseudonym, pseudonym);
  const forgotten = await forgetPerson(tx, pseudonym, known.person);
  const more = { erasure: row.id };
  await recordRows(tx, peopleProjection, [forgotten], {
    kind: "person.erased",
    actor: actor.id,
    more,
  });
}

function erasureView(row: ErasureRow): ErasureView {
  return {
    id: row.id,
    entry: row.entry === null ? null : Number(row.entry),
    pseudonym: row.pseudonym,
    reason: row.reason,
    requestedAt: row.requested_at.toISOString(),
    requestedBy: row.requested_by,
    confirmedAt: row.confirmed_at?.toISOString() ?? null,
    confirmedBy: row.confirmed_by,
  };
}
