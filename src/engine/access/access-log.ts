import type { AccessView } from "../../api/change-views.ts";
import {
  closeRun,
  digestOfRun,
  dropOldRuns,
  insertAccess,
  listAccess,
  type NewAccess,
  rowsOfRun,
} from "../../store/queries/access.ts";
import type { Engine } from "../engine.ts";

/** How long events wait for the digest of their run. Milliseconds. */
const runMs = 60_000;
const lastClosed = new WeakMap<Engine, number>();

/**
 * Writes down one call (S2-88). Once a minute, when there is something, the events since then become a run
 * whose digest is an entry of the ledger: from then on nobody changes or drops one unnoticed. Runs older than
 * three months go; their digests stay.
 */
export async function noteAccess(engine: Engine, event: NewAccess): Promise<void> {
  await insertAccess(engine.db, event);
  const last = lastClosed.get(engine) ?? performance.now();
  lastClosed.set(engine, last);
  if (performance.now() - last >= runMs) await closeAccessRun(engine);
}

/** Closes what is open now, e.g. before an export. */
export async function closeAccessRun(engine: Engine): Promise<void> {
  lastClosed.set(engine, performance.now());
  await engine.db.transaction().execute(async (tx) => {
    const closed = await closeRun(tx);
    if (closed === null) return;
    await engine.ledger.append(tx, {
      operation: `access/${closed.run}`,
      kind: "access.recorded",
      stream: "access",
      actor: "tidelock",
      payload: { ...closed },
    });
    await dropOldRuns(tx);
  });
  engine.signals.emit("change");
}

/** Events, newest first, and whether the runs that they belong to are what the ledger says they were. */
export async function accessEvents(engine: Engine, limit: number): Promise<AccessView> {
  const rows = await listAccess(engine.db, limit);
  const runs = [...new Set(rows.flatMap(({ run }) => (run === null ? [] : [Number(run)])))];
  const problems: string[] = [];
  for (const run of runs) {
    const said = await engine.db
      .selectFrom("ledger_entries")
      .select("payload")
      .where("operation", "=", `access/${run}`)
      .where("kind", "=", "access.recorded")
      .executeTakeFirst();
    if (said?.payload?.["digest"] !== digestOfRun(await rowsOfRun(engine.db, run))) {
      problems.push(
        `run ${run} is not what the ledger says it was: somebody changed or dropped events`,
      );
    }
  }
  return {
    items: rows.map(({ id, at, actor, action, target, outcome, run }) => ({
      id: Number(id),
      at: at.toISOString(),
      actor,
      action,
      target,
      outcome,
      recorded: run !== null,
    })),
    problems,
  };
}
