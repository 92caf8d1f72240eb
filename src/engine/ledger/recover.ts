import { sql } from "kysely";
import { toHex } from "../../ledger/bytes.ts";
import { TidelockError } from "../../model/errors.ts";
import type { Actor } from "../../ports/control-plane.ts";
import { announce } from "../../store/queries/events.ts";
import { holdTree, originOf, type TreeHead } from "../../store/queries/ledger-tree.ts";
import type { Tx } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";
import { raiseIncarnation } from "../lanes/incarnation.ts";

/**
 * A person declares this database the truth although something outside knows more. What was lost is recorded,
 * and the log goes on under another name (`…/2`): its entries begin with those that are left, so that every
 * proof into them stays valid, and its first own entry names the predecessor. Nobody who has seen the
 * predecessor is shown two histories under one name.
 *
 * Throws `conflict` when nothing says that this database is older than the world.
 */
export async function recoverLedger(engine: Engine, actor: Actor): Promise<string> {
  const known = engine.log.knownOutside();
  const origin = await engine.db.transaction().execute(async (tx) => {
    const head = await holdTree(tx, true);
    const why = head?.behind ?? engine.log.stranger;
    if (!head || why === null) {
      throw new TidelockError(
        "conflict",
        "nothing says that this database is older than the world",
        {
          fault: "operator",
          hint: "see `tidelock ledger status`; when only a host agent refuses it: tidelock server recover",
        },
      );
    }
    const next = await openSuccessor(engine, tx, actor, { ...head, behind: why }, known);
    await raiseIncarnation(engine, tx, actor);
    return next;
  });
  engine.log.forget();
  // A backup from before the first start has none.
  await engine.log.keys.ensure();
  engine.signals.emit("change");
  await engine.log.flush();
  return `this database is the truth from now on; the ledger goes on as ${origin}. Auditors need its new trust root: tidelock ledger trust`;
}

async function openSuccessor(
  engine: Engine,
  tx: Tx,
  actor: Actor,
  head: TreeHead,
  known: { readonly origin: string; readonly size: number; readonly root: Uint8Array } | null,
): Promise<string> {
  const { rows } = await sql<{ store_id: string }>`select store_id from store`.execute(tx);
  const store = rows[0]?.store_id ?? "";
  const log = Math.max(head.log, numberOf(known?.origin, store)) + 1;
  await tx.updateTable("ledger_tree").set({ log, behind: null }).execute();
  await engine.log.takeOver(tx);
  const origin = originOf(store, log);
  await engine.ledger.append(tx, {
    operation: `log/${log}`,
    kind: "log.succeeded",
    stream: "system",
    actor: actor.id,
    payload: {
      origin,
      // What is left of it stands before this entry, unchanged.
      predecessor: { origin: head.origin, size: head.size, root: toHex(head.root) },
      known: known && { origin: known.origin, size: known.size, root: toHex(known.root) },
      lostEntries: known ? Math.max(0, known.size - head.size) : null,
      reason: head.behind,
    },
  });
  await engine.log.keys.introduce(tx, actor.id);
  await announce(tx, {
    kind: "ledger.recovered",
    message: `${actor.id} recovered the ledger: it goes on as ${origin}`,
  });
  return origin;
}

function numberOf(origin: string | undefined, store: string): number {
  const rest = origin?.startsWith(`tidelock/${store}`) ? origin.split("/")[2] : undefined;
  return rest !== undefined && /^\d{1,9}$/.test(rest) ? Number(rest) : 1;
}
