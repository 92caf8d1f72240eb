import { sql } from "kysely";
import { canonicalJson } from "../../model/canonical.ts";
import type { Ledger } from "../../ports/ledger.ts";
import type { Db } from "../schema.ts";

/**
 * The ledger as an append-only table: `append_entry` of migration 0001 gives each stream a dense sequence
 * in commit order, and writes one operation and kind once however often a step runs again (law 8).
 */
export const tableLedger: Ledger<Db> = {
  async append(tx, { operation, kind, stream, actor, payload }) {
    const json = canonicalJson(payload);
    await sql`select append_entry(${operation}, ${kind}, ${stream}, ${actor}, ${json}::jsonb)`.execute(
      tx,
    );
  },
};
