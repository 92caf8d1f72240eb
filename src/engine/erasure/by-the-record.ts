import { sql } from "kysely";
import { TidelockError } from "../../model/errors.ts";
import {
  type AskedErasure,
  erasuresProjection,
  holdsProjection,
} from "../../store/projections/erasure.ts";
import { announce } from "../../store/queries/events.ts";
import { personByName } from "../../store/queries/people.ts";
import type { ErasureRow } from "../../store/schema-audit.ts";
import type { Db } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";
import {
  type Ground,
  groundsOf,
  isInSignedTree,
  lastingDifference,
  wholeEntry,
} from "../ledger/leaning.ts";

/**
 * What a second person confirms was asked for by the first one by the record, the entry is the one that was
 * written, and no hold that stands by the record was changed or taken out of the database: an erasure cannot be undone.
 *
 * @throws TidelockError `denied` when somebody has changed the database behind the ledger
 */
export async function requireByRecord(
  engine: Engine,
  read: () => Promise<ErasureRow | undefined>,
): Promise<void> {
  const difference = await lastingDifference(engine.log, engine.db, async () => {
    const asked = await read();
    const rows = asked ? [await withRequester(engine.db, asked)] : [];
    return [
      ...groundsOf(erasuresProjection, rows),
      ...(asked && asked.entry !== null ? [wholeEntry(Number(asked.entry))] : []),
      ...(await groundsOfHolds(engine.db)),
      everyHoldStands,
    ];
  });
  if (!difference) return;
  const message = `the database was changed behind the ledger: ${difference.message}`;
  await announce(engine.db, { kind: "ledger.difference", message });
  engine.notice(message);
  throw new TidelockError("denied", message, {
    fault: "operator",
    hint: "nothing was erased; see `tidelock ledger verify --state`",
  });
}

async function withRequester(db: Db, asked: ErasureRow): Promise<AskedErasure> {
  const person = await personByName(db, asked.requested_by);
  return { ...asked, requester: person?.pseudonym ?? null };
}

/** Each row of a hold as its last entry says: what it is about, and whether it was removed. */
async function groundsOfHolds(db: Db): Promise<readonly Ground[]> {
  const rows = await db.selectFrom("ledger_holds").selectAll().execute();
  return rows.flatMap((row) => {
    const kinds = [row.removed_at === null ? "hold.added" : "hold.removed"];
    return groundsOf({ ...holdsProjection, kinds }, [row]);
  });
}

/** Each hold of the log has its row, unless the log, and not a row of its table alone, says that it was removed. */
const everyHoldStands: Ground = {
  async holds(db, tree) {
    const { rows } = await sql<{ operation: string }>`
      select added.operation from ledger_entries added
      where added.kind = 'hold.added'
        and not exists (
          select from ledger_holds h where 'hold/' || h.id = added.operation and h.removed_at is null
        )
      order by added.entry
    `.execute(db);
    for (const { operation } of rows) {
      if (await isInSignedTree(db, tree, operation, "hold.removed")) continue;
      const message = `ledger_holds: ${operation} stands by the log, and not in the database`;
      return { table: "ledger_holds", row: operation, column: null, index: null, message };
    }
    return null;
  },
};
