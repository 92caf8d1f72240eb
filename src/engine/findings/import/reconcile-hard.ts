import { TidelockError } from "../../../model/errors.ts";
import { isTrusted } from "../../../model/finding.ts";
import { allowLongThought, type Applied } from "../../../store/queries/findings-apply.ts";
import { takeOutcomes } from "../../../store/queries/findings-outcomes.ts";
import {
  countHard,
  hardKnown,
  hardObservations,
  orderNow,
} from "../../../store/queries/findings-match.ts";
import type { Db } from "../../../store/schema.ts";
import { reconcileApart } from "./reconcile-apart.ts";
import { rowsAtOnce } from "./reconcile-messages.ts";

/** Held in memory all at once, with what they may be. */
const mostHard = 250_000;

/** So many are told apart in a moment; more are, in a thread of its own. */
const mostHere = 20_000;

/** What is not plainly one finding's is told apart by the reconciler. */
export async function reconcileHard(tx: Db, applied: Applied): Promise<void> {
  const count = await countHard(tx);
  if (count === 0) return;
  if (count > mostHard) {
    throw new TidelockError(
      "invalid-input",
      `${count} of its hits and what they may be are too alike to be told apart at once (${mostHard} at most)`,
      {
        fault: "operator",
        where: "the report",
        hint: "split the scan, one report for each of its targets",
      },
    );
  }
  const { scope, tool, trust, complete, release } = applied;
  const { order, now } = await orderNow(tx, release);
  const at = now.toISOString();
  const batch = { scope, tool, trusted: isTrusted(trust), complete, release, order, at };
  await allowLongThought(tx);
  await reconcileApart(
    batch,
    { known: () => knownOf(tx), incoming: () => incomingOf(tx) },
    count > mostHere,
    (outcomes) => takeOutcomes(tx, outcomes),
  );
}

async function* knownOf(tx: Db) {
  for (let after = "0"; ;) {
    const rows = await hardKnown(tx, after, rowsAtOnce);
    yield rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < rowsAtOnce) return;
    after = last.id;
  }
}

async function* incomingOf(tx: Db) {
  for (let after = -1; ;) {
    const rows = await hardObservations(tx, after, rowsAtOnce);
    yield rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < rowsAtOnce) return;
    after = last.ordinal;
  }
}
