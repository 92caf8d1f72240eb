import type { Db } from "../schema.ts";

/** The last size of the current log that a witness has cosigned; 0 when none has. */
export async function cosignedSize(db: Db): Promise<number> {
  const row = await db
    .selectFrom("ledger_cosignatures")
    .select(({ fn }) => fn.max("size").as("size"))
    .where("log", "=", (tree) => tree.selectFrom("ledger_tree").select("log"))
    .executeTakeFirst();
  return Number(row?.size ?? 0);
}
