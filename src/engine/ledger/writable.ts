import { TidelockError } from "../../model/errors.ts";
import { readTree } from "../../store/queries/ledger-tree.ts";
import { readOnly } from "../../store/queries/ledger.ts";
import type { Db } from "../../store/schema.ts";

/**
 * Before anything else is looked at: what an older database says of what runs is no ground for an answer.
 *
 * @param instead what the person who asked can do now
 * @throws TidelockError `unavailable` while this database is known to be older than the world
 */
export async function requireWritable(db: Db, instead: string): Promise<void> {
  const { behind } = await readTree(db);
  if (behind === null) return;
  const { message, where, hint } = readOnly(behind);
  throw new TidelockError("unavailable", message, {
    ...(where === undefined ? {} : { where }),
    hint: `${instead}; ${hint ?? ""}`,
  });
}
