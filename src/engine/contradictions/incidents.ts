import { asTidelockError } from "../../model/errors.ts";
import type { Environment, Pipeline } from "../../model/pipeline.ts";
import { type Lane, laneKey } from "../../model/primitives.ts";
import { hasEnded } from "../../model/promotion.ts";
import { type OnContradicted, onContradiction } from "../../policy/on-contradiction.ts";
import { databaseTime } from "../../store/queries/attestations.ts";
import { registeredDocuments } from "../../store/queries/catalogue.ts";
import { standingOfDeployment } from "../../store/queries/contradictions.ts";
import { announce } from "../../store/queries/events.ts";
import {
  type Incident,
  lockIncident,
  markHandled,
  markReturning,
  openIncidents,
  stoppedLine,
} from "../../store/queries/incidents.ts";
import { lastGood, openDeployment } from "../../store/queries/live.ts";
import { readPromotion, runningPromotion } from "../../store/queries/promotions.ts";
import { insertStop } from "../../store/queries/stops.ts";
import type { DeploymentRow, Tx } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";
import { rollback } from "../returns/rollback.ts";
import { isolate } from "./isolate.ts";
import { decideAgainAll } from "./decide-again.ts";
import { keep } from "./record.ts";

const tidelock = { id: "tidelock" };
const atOnce = 2_000;

/**
 * What is live and contradicted is an incident: what the service and the environment's owners ask for is done, once. What
 * could not be done yet stays open, and is tried again at the next look.
 */
export async function handleIncidents(engine: Engine): Promise<void> {
  let open = await openIncidents(engine.db, atOnce);
  if (open.length === 0) return;
  const asked = await policies(engine);
  while (open.length > 0) {
    const wanted = Map.groupBy(open, (one) => {
      const { hold: holds, back, isolate: alone } = one.live ? asked(one) : nothing;
      if (alone) return holds ? "hold-isolate" : "isolate";
      return back ? (holds ? "both" : "return") : holds ? "hold" : "alert";
    });
    // That it is contradicted was announced with the decision.
    const alerted = (wanted.get("alert") ?? []).map(({ deployment }) => deployment);
    await markHandled(engine.db, alerted, "announced");
    for (const one of wanted.get("hold") ?? []) await tryIt(engine, one, hold);
    for (const one of wanted.get("return") ?? []) await tryIt(engine, one, giveBack);
    for (const one of wanted.get("both") ?? []) await tryIt(engine, one, stopAndGiveBack);
    for (const one of wanted.get("hold-isolate") ?? []) await tryIt(engine, one, stopAndIsolate);
    for (const one of wanted.get("isolate") ?? []) await tryIt(engine, one, giveBackOrIsolate);
    if (open.length < atOnce) return;
    // What is left waits for the next look, and keeps nothing behind it from being handled.
    open = await openIncidents(engine.db, atOnce, open.at(-1)?.deployment);
  }
}

const nothing: OnContradicted = { hold: false, back: false, isolate: false };

/** What is asked for where, as it is registered now. */
async function policies({ db }: Engine): Promise<(lane: Lane) => OnContradicted> {
  const [pipelines, environments] = await Promise.all([
    registeredDocuments(db, "Pipeline"),
    registeredDocuments(db, "Environment"),
  ]);
  const services = new Map(pipelines.map(({ name, content }) => [name, content as Pipeline]));
  const owners = new Map(environments.map(({ name, content }) => [name, content as Environment]));
  return (lane) => onContradiction(services.get(lane.service), owners.get(lane.environment));
}

async function tryIt(
  engine: Engine,
  incident: Incident,
  act: (engine: Engine, incident: Incident) => Promise<void>,
): Promise<void> {
  try {
    await act(engine, incident);
  } catch (error) {
    const { message } = asTidelockError(error);
    engine.notice(`${laneKey(incident)} is contradicted and not handled yet: ${message}`);
  }
}

/** Nothing further goes there until somebody clears it, with a reason. Returns pass. */
async function hold(engine: Engine, incident: Incident, why?: string): Promise<void> {
  const done = await engine.db.transaction().execute(async (tx) => {
    const stop = await stopLine(tx, incident, why);
    if (stop === null) return false;
    const handled = `${why ?? "held"}: the line is stopped by S-${stop}`;
    await markHandled(tx, [incident.deployment], handled);
    return true;
  });
  if (done) engine.signals.emit("change");
}

/** Number of the stop, the one that stands where one does; null: another server is handling it. */
async function stopLine(tx: Tx, incident: Incident, why?: string): Promise<number | null> {
  const { deployment, service, environment, reason } = incident;
  if (!(await lockIncident(tx, deployment))) return null;
  const stopped = await stoppedLine(tx, service, environment);
  if (stopped !== null) return stopped;
  const text = `${why === undefined ? "" : `${why}; `}what is live is contradicted: ${reason}`;
  const given = { kind: "line" as const, service, environment, release: null, artifacts: [] };
  const row = await insertStop(tx, { ...given, reason: text.slice(0, 900), by: tidelock.id });
  await announce(tx, {
    kind: "line.stopped",
    service,
    environment,
    message: `the line ${service}/${environment} is stopped: ${text} (S-${row.id})`,
  });
  return row.id;
}

/** Where one asks for this and the other for that, nothing new goes there while the traffic goes back. */
async function stopAndGiveBack(engine: Engine, incident: Incident): Promise<void> {
  if (incident.begun === null) {
    const stop = await engine.db.transaction().execute((tx) => stopLine(tx, incident));
    if (stop === null) return;
  }
  await giveBack(engine, incident);
}

/**
 * Back to what is known to be better; where nothing is, both are bad: the line is stopped, and people decide. It is
 * handled once what is contradicted is not live any more: a return that fails once is not tried again by itself.
 */
async function giveBack(engine: Engine, incident: Incident, bothAreBad = hold): Promise<void> {
  const lane: Lane = { service: incident.service, environment: incident.environment };
  const running = await runningPromotion(engine.db, lane);
  // A return that is under way ends first: it may be this one, asked for before a crash.
  if (running?.kind === "rollback") return;
  if (incident.begun !== null) {
    const begun = await readPromotion(engine.db, incident.begun);
    if (begun && !hasEnded(begun.state)) return;
    return bothAreBad(engine, incident, `the return failed (${incident.begun})`);
  }
  const better = await knownBetter(engine, lane);
  if (better === null)
    return bothAreBad(engine, incident, "both are bad: nothing known to be better stands here");
  await engine.hooks?.reach("contradictions:return");
  const reason = `contradicted: ${incident.reason}`.slice(0, 900);
  const { release: to, configuration } = better;
  const { id } = await rollback(engine, tidelock, lane, { to, configuration, reason });
  await markReturning(engine.db, incident.deployment, id);
}

/** Where nothing better stands, users get 503 instead of it. The line is stopped as well: people decide what is next. */
async function giveBackOrIsolate(engine: Engine, incident: Incident): Promise<void> {
  await giveBack(engine, incident, async (_engine, _incident, why = "") => {
    const lane: Lane = { service: incident.service, environment: incident.environment };
    const isolated = await isolate(engine, lane, `${why}; ${incident.reason}`);
    if (isolated === "later") return;
    const done = isolated === "done" ? "isolated" : "it cannot be isolated, no router leads there";
    await hold(engine, incident, `${why}; ${done}`);
  });
}

async function stopAndIsolate(engine: Engine, incident: Incident): Promise<void> {
  if (incident.begun === null) {
    const stop = await engine.db.transaction().execute((tx) => stopLine(tx, incident));
    if (stop === null) return;
  }
  await giveBackOrIsolate(engine, incident);
}

/** More that were good and are not any more nobody has kept. */
const mostTried = 10;

/** The last good one that would be let through today, by what is published of it; those that would not are marked. */
async function knownBetter(engine: Engine, lane: Lane): Promise<DeploymentRow | null> {
  const live = await openDeployment(engine.db, lane);
  if (!live) return null;
  for (let tried = 0; tried < mostTried; tried += 1) {
    const good = await lastGood(engine.db, lane, live);
    if (!good) return null;
    const standing = await standingOfDeployment(engine.db, good.id);
    if (standing === null) return null;
    const marked = await engine.db.transaction().execute(async (tx) => {
      const now = new Date(await databaseTime(tx));
      const decided = await decideAgainAll(engine, tx, [standing], now);
      // What nobody can decide about is not known to be better.
      if (!decided[0]?.found) return null;
      return keep(engine, tx, decided, () => "asked before the traffic would go back to it");
    });
    if (marked === null) return null;
    if (marked === 0) return good;
  }
  return null;
}
