import type { AccessView } from "../../api/views/change.ts";
import {
  closeRun,
  digestOfRun,
  dropOldRuns,
  goneRuns,
  insertAccess,
  listAccess,
  type NewAccess,
  rowsOfRun,
} from "../../store/queries/access.ts";
import { readTree } from "../../store/queries/ledger-tree.ts";
import type { Engine } from "../engine.ts";

/** How long events wait for the digest of their run. Milliseconds. */
const runMs = 60_000;
const closing = new WeakMap<Engine, NodeJS.Timeout>();

/**
 * Writes down one call (S2-88). Once a minute, when there is something, the events since then become a run
 * whose digest is an entry of the ledger: from then on nobody changes or drops one unnoticed. Runs older than
 * three months go; their digests stay.
 */
export async function noteAccess(engine: Engine, event: NewAccess): Promise<void> {
  await insertAccess(engine.db, event);
  if (closing.has(engine)) return;
  const close = () => {
    closing.delete(engine);
    closeAccessRun(engine).catch((error: unknown) => {
      engine.notice(`the access log waits for its place in the ledger: ${String(error)}`);
    });
  };
  // The last calls of a day are closed as well; what a server leaves open is closed by the next one.
  closing.set(engine, setTimeout(close, runMs).unref());
}

/** Closes what is open now, e.g. before an export. Read-only, it stays open: nothing is written then. */
export async function closeAccessRun(engine: Engine): Promise<void> {
  if ((await readTree(engine.db)).behind !== null) return;
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
  for (const run of await goneRuns(engine.db)) {
    problems.push(
      `run ${run} is in the ledger, and none of its events is here: somebody dropped them`,
    );
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
