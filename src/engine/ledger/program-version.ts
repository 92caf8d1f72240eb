import { sql } from "kysely";
import { type EntryMarks } from "../../store/queries/ledger-marks.ts";
import { holdTree, isOwnTree, markQueue, markTree } from "../../store/queries/ledger-tree.ts";
import type { Tx } from "../../store/schema.ts";
import { marksVersion } from "./before-marks.ts";
import type { LedgerLogParts } from "./log.ts";

/**
 * Another version than the one that wrote here last is an entry, before it does anything else; so is that what
 * was there before servers marked their writing was taken for theirs.
 */
export async function noteVersion(
  { db, ledger, notice }: Pick<LedgerLogParts, "db" | "ledger" | "notice">,
  version: string,
  fromBefore: EntryMarks | null,
): Promise<void> {
  const taken = await db.transaction().execute(async (tx) => {
    const adopted = fromBefore && (await adopt(tx, fromBefore));
    const { rows } = await sql<{ program_version: string | null }>`
        select program_version from store for update
      `.execute(tx);
    const before = rows[0]?.program_version ?? null;
    if (before === version && !adopted) return null;
    const changed = await tx
      .updateTable("store")
      .set({ program_version: version, program_changes: sql<number>`program_changes + 1` })
      .returning("program_changes")
      .executeTakeFirstOrThrow();
    await ledger.append(tx, {
      operation: `server/version/${changed.program_changes}`,
      kind: "server.upgraded",
      stream: "system",
      actor: "tidelock",
      payload: {
        from: before,
        to: version,
        marks: marksVersion,
        ...(adopted ? { taken: adopted } : {}),
      },
    });
    return adopted;
  });
  if (taken === null) return;
  notice(
    `the ledger is from before servers marked their entries: ${taken.entries} in the tree and ${taken.waiting} on their way there were taken over as they stood`,
  );
}

/** Under the lock on the tree, so that what another server does at the same moment is seen. */
async function adopt(tx: Tx, marks: EntryMarks) {
  const head = await holdTree(tx, true);
  // Another server has done it.
  if (!head || isOwnTree(marks, head)) return null;
  const waiting = await markQueue(tx, marks);
  await markTree(tx, marks);
  return { entries: head.size, waiting };
}
