import type { SignalView } from "../../api/routes/signals.ts";
import { TidelockError } from "../../model/errors.ts";
import { isAtLeast } from "../../model/observation.ts";
import { type Lane, laneKey } from "../../model/primitives.ts";
import { heartbeat, type SignalInput } from "../../model/signal.ts";
import type { Actor } from "../../ports/control-plane.ts";
import type { SignalControl } from "../../ports/signal-control.ts";
import { stopsOnSignal } from "../../policy/on-contradiction.ts";
import {
  readRelease,
  registeredEnvironment,
  registeredPipeline,
} from "../../store/queries/catalogue.ts";
import { stoppedLine } from "../../store/queries/incidents.ts";
import { insertStop } from "../../store/queries/stops.ts";
import { announce } from "../../store/queries/events.ts";
import { readLane } from "../../store/queries/lanes.ts";
import { insertSignal, listSignals, readSignal } from "../../store/queries/signals.ts";
import type { SignalRow } from "../../store/schema-signals.ts";
import type { Db, Tx } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";
import { findRelease } from "../promotions/plan-inputs.ts";

export function makeSignalControl(engine: Engine): SignalControl {
  return {
    add: (actor, lane, release, signal) => addSignal(engine, actor, { lane, release, signal }),
    async list(lane, { release, limit }) {
      const { db } = engine;
      const id = release === null ? undefined : (await findRelease(db, lane.service, release)).id;
      return views(db, await listSignals(db, lane, { release: id, limit }));
    },
  };
}

/**
 * Binds what a source saw to the release that it saw it of; an entry of the ledger. Nothing is returned here: the
 * check `signals` of a promotion that is under way reads it within a second.
 *
 * Throws `not-found` where nothing is live and no release is named, `conflict` when the source sends other content
 * under a number that it has used.
 */
async function addSignal(
  engine: Engine,
  actor: Actor,
  given: { readonly lane: Lane; readonly release: string | null; readonly signal: SignalInput },
): Promise<SignalView> {
  const { lane, signal } = given;
  const release = await releaseOf(engine.db, lane, given.release);
  const { id, ...content } = signal;
  const row = { ...content, signal: id, ...lane, release, added_by: actor.id };
  const added = await engine.db.transaction().execute(async (tx) => {
    const fresh = await insertSignal(tx, row);
    if (fresh && signal.kind !== heartbeat && isAtLeast(signal.severity, "medium")) {
      await announce(tx, {
        kind: "signal.recorded",
        message: `${signal.source} reports ${signal.severity} of ${laneKey(lane)}: ${signal.message}`,
      });
    }
    if (fresh && signal.kind !== heartbeat && isAtLeast(signal.severity, "high")) {
      await stopTheLine(tx, lane, release, signal);
    }
    return fresh ?? requireSame(await readSignal(tx, lane, signal.source, id), row);
  });
  engine.signals.emit("change");
  engine.signals.emit("late");
  const [view] = await views(engine.db, [added]);
  if (!view) throw new Error("one row, no view");
  return view;
}

/**
 * By policy: nothing further goes there until somebody clears it, with a reason. Only what is live counts, and one stop is
 * enough however much is reported.
 */
async function stopTheLine(
  tx: Tx,
  { service, environment }: Lane,
  release: string,
  { source, severity, message }: SignalInput,
): Promise<void> {
  const live = (await readLane(tx, { service, environment }))?.live_release;
  if (live !== release) return;
  const [pipeline, owners] = await Promise.all([
    registeredPipeline(tx, service),
    registeredEnvironment(tx, environment),
  ]);
  if (!stopsOnSignal(pipeline?.document, owners?.document)) return;
  if ((await stoppedLine(tx, service, environment)) !== null) return;
  const reason = `${source} reports ${severity} of what is live: ${message}`.slice(0, 900);
  const given = { kind: "line" as const, service, environment, release: null, artifacts: [] };
  const row = await insertStop(tx, { ...given, reason, by: "tidelock" });
  await announce(tx, {
    kind: "line.stopped",
    service,
    environment,
    message: `the line ${laneKey({ service, environment })} is stopped: ${reason} (S-${row.id})`,
  });
}

async function releaseOf(db: Db, lane: Lane, named: string | null) {
  if (named !== null) return (await findRelease(db, lane.service, named)).id;
  const live = (await readLane(db, lane))?.live_release;
  if (live) return live;
  throw new TidelockError("not-found", `nothing is live in ${laneKey(lane)}`, {
    fault: "operator",
    where: laneKey(lane),
    hint: "name the release that the signal is about: --release <version or digest>",
  });
}

function requireSame(known: SignalRow | undefined, row: Omit<SignalRow, "at">): SignalRow {
  const same =
    known !== undefined &&
    (["release", "kind", "severity", "message"] as const).every((key) => known[key] === row[key]);
  if (same) return known;
  throw new TidelockError(
    "conflict",
    `${row.source} has sent ${row.signal} before, with another content`,
    { fault: "operator", where: row.signal, hint: "give each signal a number of its own" },
  );
}

async function views(db: Db, rows: readonly SignalRow[]): Promise<SignalView[]> {
  const versions = new Map<string, string | null>();
  for (const { release } of rows) {
    if (versions.has(release)) continue;
    versions.set(release, (await readRelease(db, release))?.content.version ?? null);
  }
  return rows.map((row) => ({
    source: row.source,
    id: row.signal,
    kind: row.kind,
    severity: row.severity,
    message: row.message,
    service: row.service,
    environment: row.environment,
    release: { id: row.release, version: versions.get(row.release) ?? null },
    at: row.at.toISOString(),
    by: row.added_by,
  }));
}
