import { sql } from "kysely";
import { TidelockError } from "../../model/errors.ts";
import { type AskedErasure, erasuresProjection } from "../../store/projections/erasure.ts";
import { announce } from "../../store/queries/events.ts";
import { personByName } from "../../store/queries/people.ts";
import type { ErasureRow } from "../../store/schema-audit.ts";
import type { Db } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";
import { type Ground, groundsOf, lastingDifference } from "../ledger/leaning.ts";

/**
 * What a second person confirms was asked for by the first one by the record, and no hold that stands by the record
 * was taken out of the database: an erasure cannot be undone.
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
    return [...groundsOf(erasuresProjection, rows), everyHoldStands];
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

const everyHoldStands: Ground = {
  async holds(db) {
    const { rows } = await sql<{ operation: string }>`
      select added.operation from ledger_entries added
      where added.kind = 'hold.added'
        and not exists (
          select from ledger_entries removed
          where removed.operation = added.operation and removed.kind = 'hold.removed'
        )
        and not exists (
          select from ledger_holds h where 'hold/' || h.id = added.operation and h.removed_at is null
        )
      order by added.entry limit 1
    `.execute(db);
    const gone = rows[0]?.operation;
    if (gone === undefined) return null;
    const message = `ledger_holds: ${gone} stands by the log, and not in the database`;
    return { table: "ledger_holds", row: gone, column: null, index: null, message };
  },
};
