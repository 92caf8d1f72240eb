import { sql } from "kysely";
import { encodeEntry, opens } from "../../ledger/entry.ts";
import { equalBytes } from "../../ledger/bytes.ts";
import { hashLeaf } from "../../ledger/hash.ts";
import { Frontier } from "../../ledger/range.ts";
import { readLeaves, type StoredLeaf } from "../../store/queries/ledger-read.ts";
import type { TreeHead } from "../../store/queries/ledger-tree.ts";
import type { Db } from "../../store/schema.ts";

const pageSize = 1_000;

/** What the entry `server.upgraded` says from that program on that marks what it writes. */
export const marksVersion = 1;

/**
 * Whether a tree without our mark is one from before servers marked what they write, and may be taken for ours as
 * it stands. That is so once: the first server that does it says so in the log, so the whole log is read, and
 * nothing that could have said it may be missing from it.
 */
export async function isFromBeforeMarks(db: Db, head: TreeHead): Promise<boolean> {
  if (head.mark !== null) return false;
  return db
    .transaction()
    .setIsolationLevel("repeatable read")
    .execute(async (tx) => {
      await sql`select set_config('statement_timeout', '0', true)`.execute(tx);
      const frontier = Frontier.empty();
      while (frontier.size < head.size) {
        const leaves = await readLeaves(tx, frontier.size, frontier.size + pageSize);
        if (leaves.length === 0) return false;
        for (const leaf of leaves) {
          if (leaf.index !== frontier.size || !isWhole(leaf) || saysMarks(leaf)) return false;
          frontier.append(leaf.hash);
        }
      }
      return frontier.size === head.size && equalBytes(frontier.root(), head.root);
    });
}

function isWhole({ entry, hash, opening }: StoredLeaf): boolean {
  try {
    const right = equalBytes(hashLeaf(encodeEntry(entry)), hash);
    return right && (opening === null || opens(entry, opening));
  } catch {
    return false;
  }
}

/** One whose payload is gone may have said it. */
function saysMarks({ entry, opening }: StoredLeaf): boolean {
  return entry.kind === "server.upgraded" && (!opening || opening.payload["marks"] !== undefined);
}
