import { sql } from "kysely";
import { canonicalJson } from "../../model/canonical.ts";
import type { Ledger } from "../../ports/ledger.ts";
import type { Db } from "../schema.ts";

/**
 * The ledger as an append-only table: `append_entry` of migration 0001 gives each stream a dense sequence
 * in commit order, and writes one operation and kind once however often a step runs again (law 8).
 */
export const tableLedger: Ledger<Db> = {
  async append(tx, ...entries) {
    if (entries.length === 0) return;
    await sql`
      select append_entry(
        e ->> 'operation', e ->> 'kind', e ->> 'stream', e ->> 'actor', e -> 'payload'
      )
      from (
        select e from jsonb_array_elements(${canonicalJson(entries)}::jsonb)
          with ordinality as given (e, place)
        order by place
      ) as ordered
    `.execute(tx);
  },
};
