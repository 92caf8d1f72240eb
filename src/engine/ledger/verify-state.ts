import { sql } from "kysely";
import { TidelockError } from "../../model/errors.ts";
import { storedRoots } from "../../store/queries/ledger-state.ts";
import { readTree } from "../../store/queries/ledger-tree.ts";
import type { Db } from "../../store/schema.ts";
import type { LedgerLog } from "./log.ts";
import { strangeTree } from "./sequencer.ts";
import { nameProblem } from "./shown.ts";
import { about, type Difference } from "./state/difference.ts";
import { otherDifference, strayDifference } from "./state/others.ts";
import { replay } from "./state/replay.ts";
import { compareRows } from "./state/rows.ts";
import { treeDifference } from "./state/tree.ts";

export type StateVerification =
  | {
      readonly ok: true;
      readonly size: number;
      readonly rows: number;
      readonly erased: number;
      /** Why the server is read-only: then what was found is that the old state fits together. */
      readonly behind: string | null;
    }
  | { readonly ok: false; readonly difference: Difference };

/**
 * Rebuilds from the log every table that can open a gate or grant a right, and says the first difference to
 * what the database holds. The log itself is recomputed on the way: each opening against its commitment,
 * each leaf, and the root against a checkpoint that one of our own keys has signed. Everything is read at
 * one moment; writers are not held up. A read-only server answers too: it only signs nothing for it.
 */
export async function verifyState(log: LedgerLog, db: Db): Promise<StateVerification> {
  const named = await nameProblem(db, await readTree(db));
  if (named) return differs(named);
  const unsigned = await log.missingCheckpoint();
  if (unsigned !== null) return differs(about("ledger_checkpoints", unsigned));
  const refused = await takeIn(log);
  const verified = await db
    .transaction()
    .setIsolationLevel("repeatable read")
    .execute((tx) => verifyAtOnce(tx, log));
  return verified.ok && refused !== null ? differs(about("ledger_tree", refused)) : verified;
}

/** What is committed gets its place first, where that may be. Answers what the stored tree was refused for. */
async function takeIn(log: LedgerLog): Promise<string | null> {
  try {
    await log.flush();
    return null;
  } catch (error) {
    if (!(error instanceof TidelockError)) throw error;
    // Read-only: what waits has to wait, and is looked at where it is.
    if (error.code === "unavailable") return null;
    if (error.code === "digest-mismatch") return error.message;
    throw error;
  }
}

async function verifyAtOnce(tx: Db, log: LedgerLog): Promise<StateVerification> {
  await sql`select set_config('statement_timeout', '0', true)`.execute(tx);
  const stray = await strayDifference(tx);
  if (stray) return differs(stray);
  const head = await readTree(tx);
  const signed = await log.signedRoot(tx);
  if (signed === null) {
    return differs(about("ledger_checkpoints", "no checkpoint is signed by our own key"));
  }
  const roots = await storedRoots(tx);
  roots.set(signed.size, [...(roots.get(signed.size) ?? []), signed.root]);
  const replayed = await replay(tx, head, roots);
  if ("message" in replayed) return differs(replayed);
  const tree = await treeDifference(tx, head, replayed);
  if (tree) return differs(tree);
  if (!log.hasGrown(head)) {
    return differs({ ...about("ledger_tree", strangeTree(head).message), column: "mark" });
  }
  const compared = await compareRows(tx, replayed);
  if (!compared.ok) return compared;
  const other = await otherDifference(tx, replayed);
  if (other) return differs(other);
  const { rows, erased } = compared;
  return { ok: true, size: replayed.size, rows, erased, behind: head.behind };
}

function differs(difference: Difference): StateVerification {
  return { ok: false, difference };
}
