import { sql } from "kysely";
import { TidelockError } from "../../../model/errors.ts";
import { removeGrant, removePersonKey } from "../../../store/queries/grants.ts";
import { removeAssignment, removeToken } from "../../../store/queries/tokens.ts";
import type { Db } from "../../../store/schema.ts";
import { requireSignersLeft } from "../../policy/governance.ts";

/** Takes away what a reviewed line gives. Null: it is gone; else why it is not, and nothing of it has happened. */
export async function removeLine(tx: Db, line: string, by: string): Promise<string | null> {
  const at = line.indexOf(":");
  const [kind, id] = [line.slice(0, at), line.slice(at + 1)];
  await sql`savepoint review_line`.execute(tx);
  try {
    if (kind === "role") await removeAssignment(tx, id, by);
    else if (kind === "token") await removeToken(tx, id, by);
    else if (kind === "right") await removeGrant(tx, id, by);
    else if (kind === "key") await removePersonKey(tx, id, by);
    else return "nothing of this kind can be taken away";
    // Gone already is gone as well.
    await requireSignersLeft(tx, "it cannot be taken away");
    await sql`release savepoint review_line`.execute(tx);
    return null;
  } catch (error) {
    await sql`rollback to savepoint review_line`.execute(tx);
    if (error instanceof TidelockError && error.fault === "operator") return error.message;
    throw error;
  }
}
