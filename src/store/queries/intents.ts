import { sql } from "kysely";
import type { Db } from "../schema.ts";

/**
 * Operations of a promotion whose intent is on record and whose end is not: whoever had begun them died, or
 * was overtaken, before it could say. Exact ids are looked up, so that the size of the ledger is no matter.
 *
 * @param names last parts of operations' ids (`<promotion>/<step>/<name>`)
 */
export async function openIntents(
  tx: Db,
  promotion: string,
  names: readonly string[],
): Promise<readonly string[]> {
  const { rows } = await sql<{ operation: string }>`
    select given.operation
    from promotion_steps as s
      cross join unnest(${names}::text[]) as n
      cross join lateral (select s.promotion || '/' || s.index || '/' || n as operation) as given
    where s.promotion = ${promotion} and s.attempts > 0
      and exists (
        select from ledger_entries as e
        where e.operation = given.operation and e.kind = 'effect.intent'
      )
      and not exists (
        select from ledger_entries as e
        where e.operation = given.operation
          and e.kind in ('effect.outcome', 'effect.failure', 'effect.unseen')
      )
    order by s.index, given.operation
  `.execute(tx);
  return rows.map(({ operation }) => operation);
}
