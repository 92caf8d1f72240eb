import { sql } from "kysely";
import type { Db } from "../schema.ts";

/** How many rows have changed since the table was last cleaned, as far as the database has counted. */
export async function untidiness(
  db: Db,
): Promise<{ readonly changed: number; readonly rows: number }> {
  const { rows } = await sql<{ changed: string; live: string }>`
    select n_dead_tup + n_ins_since_vacuum as changed, n_live_tup as live
    from pg_stat_user_tables where relid = 'findings'::regclass
  `.execute(db);
  const [row] = rows;
  return { changed: Number(row?.changed ?? 0), rows: Number(row?.live ?? 0) };
}

/**
 * Cleans the tables of findings and of what is live after an import has changed much of it, so that its numbers are counted from an index
 * alone again: PostgreSQL's own cleaning comes minutes later. Holds nobody up; where this user may not, nothing happens.
 */
export async function tidyFindings(db: Db): Promise<void> {
  await db.connection().execute(async (connection) => {
    await sql`select set_config('statement_timeout', '600000', false)`.execute(connection);
    try {
      await sql`vacuum (truncate off, skip_locked, analyze) findings, finding_live`.execute(
        connection,
      );
    } finally {
      await sql`reset statement_timeout`.execute(connection);
    }
  });
}
