import { sql } from "kysely";
import type { Db } from "../../store/schema.ts";

/** One change of documents or of governance at a time: the second operator sees what the first has done. */
export async function lockPolicy(tx: Db): Promise<void> {
  await sql`select pg_advisory_xact_lock(7468002)`.execute(tx);
}
