import { setTimeout as pause } from "node:timers/promises";
import { TidelockError } from "../../model/errors.ts";
import { cosignedNote } from "../../reports/pack-history.ts";
import type { Engine } from "../engine.ts";

/** How long an export waits for witnesses. One that is away longer is missing, and the report says so. */
const patienceMs = 10_000;

/**
 * The newest checkpoint, covering all that is committed by now, with the signatures of the witnesses that
 * are configured. A later checkpoint does as well: witnesses sign the newest that they are shown.
 */
export async function cosignedCheckpoint(
  engine: Engine,
): Promise<{ readonly log: number; readonly note: string }> {
  const checkpoint = await engine.log.flush();
  if (!checkpoint) {
    throw new TidelockError("unavailable", "the ledger has no checkpoint yet", {
      retryable: true,
      hint: "`tidelock server status` says whether it has a problem",
    });
  }
  const { log } = checkpoint;
  const wanted = await witnessCount(engine);
  const deadline = performance.now() + patienceMs;
  let best = { size: Number(checkpoint.size), signatures: 0 };
  while (best.signatures < wanted && performance.now() < deadline) {
    best = (await bestCosigned(engine, log, Number(checkpoint.size))) ?? best;
    if (best.signatures < wanted) await pause(100);
  }
  const note = await cosignedNote(engine.db, log, best.size);
  return { log, note: note ?? checkpoint.note };
}

async function witnessCount(engine: Engine): Promise<number> {
  const rows = await engine.db
    .selectFrom("ledger_witnesses")
    .select("name")
    .where("removed_at", "is", null)
    .execute();
  return rows.length;
}

/** Among the checkpoints from `size` on, the one that most witnesses have signed; the newest of those. */
async function bestCosigned(
  engine: Engine,
  log: number,
  size: number,
): Promise<{ readonly size: number; readonly signatures: number } | null> {
  const rows = await engine.db
    .selectFrom("ledger_cosignatures")
    .select((select) => ["size", select.fn.countAll<string>().as("signatures")])
    .where("log", "=", log)
    .where("size", ">=", String(size))
    .groupBy("size")
    .execute();
  const counted = rows.map((row) => ({
    size: Number(row.size),
    signatures: Number(row.signatures),
  }));
  counted.sort((a, b) => b.signatures - a.signatures || b.size - a.size);
  return counted[0] ?? null;
}
