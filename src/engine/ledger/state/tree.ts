import { toHex } from "../../../ledger/bytes.ts";
import { orphanOfCheckpoint, storedNodes } from "../../../store/queries/ledger-state.ts";
import { originOf, type TreeHead } from "../../../store/queries/ledger-tree.ts";
import type { Db } from "../../../store/schema.ts";
import { activeKeys, publicForm } from "../key-rows.ts";
import { about, type Difference } from "./difference.ts";
import type { Replayed } from "./replay.ts";

/** The stored tree beside the one that the entries give: what the next entry is added to, and proofs are made of. */
export async function treeDifference(
  db: Db,
  head: TreeHead,
  replayed: Replayed,
): Promise<Difference | null> {
  return (
    headDifference(head, replayed) ??
    (await nodesDifference(db, replayed.tree.nodes)) ??
    (await logDifference(db, head, replayed)) ??
    (await checkpointsDifference(db))
  );
}

function headDifference(head: TreeHead, { tree }: Replayed): Difference | null {
  const wrong = (column: string, is: unknown, of: unknown): Difference => ({
    ...about("ledger_tree", `ledger_tree: ${column} is ${is}, and the entries give ${of}`),
    column,
  });
  const root = toHex(head.root);
  if (root !== tree.root) return wrong("root", root, tree.root);
  const frontier = head.frontier.map(toHex).join("");
  if (frontier !== tree.frontier) return wrong("frontier", frontier, tree.frontier);
  if (head.lastTime !== tree.lastTime) {
    return wrong("last_time", timeText(head.lastTime), timeText(tree.lastTime));
  }
  return null;
}

function timeText(ms: number | null): string {
  return ms === null ? "none" : new Date(ms).toISOString();
}

async function nodesDifference(
  db: Db,
  made: ReadonlyMap<string, string>,
): Promise<Difference | null> {
  const stored = await storedNodes(db);
  for (const [place, hash] of made) {
    const is = stored.get(place);
    stored.delete(place);
    if (is !== hash) return nodeAt(place, is ?? "not there", hash);
  }
  const [more] = stored;
  return more ? nodeAt(more[0], more[1], "none there") : null;
}

function nodeAt(place: string, is: string, of: string): Difference {
  const message = `ledger_nodes: the hash at ${place} is ${is}, and the entries give ${of}`;
  return { ...about("ledger_nodes", message), row: place };
}

/** Which of the successive logs this is, and of which store: what a recovery has opened, and keys were introduced to. */
async function logDifference(
  db: Db,
  { log, origin }: TreeHead,
  { successors, keyNames }: Replayed,
): Promise<Difference | null> {
  const opened = Math.max(1, ...[...successors.keys()].map((name) => Number(name.slice(4))));
  if (log !== opened) {
    const message = `ledger_tree: the log's number is ${log}, and by the entries it is ${opened}: no recovery has opened ${originOf("…", log)}`;
    return { ...about("ledger_tree", message), column: "log" };
  }
  for (const row of await activeKeys(db, "log")) {
    const introduced = keyNames.get(row.key_id);
    if (introduced === undefined || introduced === publicForm(row, origin)) continue;
    const message = `store: this log is called ${origin}, and its key ${row.key_id} was introduced as ${String(introduced)}: somebody has changed the store's id`;
    return { ...about("store", message), column: "store_id" };
  }
  return null;
}

/** None is gone that others have seen. */
async function checkpointsDifference(db: Db): Promise<Difference | null> {
  const orphan = await orphanOfCheckpoint(db);
  if (orphan) {
    const message = `ledger_checkpoints: the checkpoint of size ${orphan.size} is gone, and ${orphan.who} has it`;
    return { ...about("ledger_checkpoints", message), row: orphan.size };
  }
  return null;
}
