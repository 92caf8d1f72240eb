import { asTidelockError } from "../../model/errors.ts";
import type { Environment, OnContradiction, Pipeline } from "../../model/pipeline.ts";
import { type Lane, laneKey } from "../../model/primitives.ts";
import { onContradiction } from "../../policy/on-contradiction.ts";
import { databaseTime } from "../../store/queries/attestations.ts";
import { registeredDocuments } from "../../store/queries/catalogue.ts";
import { standingOfDeployment } from "../../store/queries/contradictions.ts";
import { announce } from "../../store/queries/events.ts";
import {
  type Incident,
  lockIncident,
  markHandled,
  openIncidents,
  stoppedLine,
} from "../../store/queries/incidents.ts";
import { lastGood, openDeployment } from "../../store/queries/live.ts";
import { runningPromotion } from "../../store/queries/promotions.ts";
import { insertStop } from "../../store/queries/stops.ts";
import type { DeploymentRow } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";
import { rollback } from "../rollback.ts";
import { decideAgainAll } from "./decide-again.ts";
import { keep } from "./record.ts";

const tidelock = { id: "tidelock" };
const atOnce = 500;

/**
 * What is live and contradicted is an incident: what the service and the environment's owners ask for is done, once. What
 * could not be done yet stays open, and is tried again at the next look. Nothing here isolates: no target or router of
 * today can take a colour from its users and leave it standing; stopping the service is for people.
 */
export async function handleIncidents(engine: Engine): Promise<void> {
  let open = await openIncidents(engine.db, atOnce);
  if (open.length === 0) return;
  const asked = await policies(engine);
  while (open.length > 0) {
    const wanted = Map.groupBy(open, (one) => (one.live ? asked(one) : "alert"));
    // That it is contradicted was announced with the decision.
    const alerted = (wanted.get("alert") ?? []).map(({ deployment }) => deployment);
    await markHandled(engine.db, alerted, "announced");
    let left = 0;
    for (const one of wanted.get("hold") ?? []) left += (await tryIt(engine, one, hold)) ? 0 : 1;
    for (const one of wanted.get("return") ?? []) left += (await tryIt(engine, one, giveBack)) ? 0 : 1; // prettier-ignore
    // What is left is at the front of the next page as well: it waits for the next look.
    if (left > 0 || open.length < atOnce) return;
    open = await openIncidents(engine.db, atOnce);
  }
}

/** What is asked for where, as it is registered now. */
async function policies({ db }: Engine): Promise<(lane: Lane) => OnContradiction> {
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
  act: (engine: Engine, incident: Incident) => Promise<boolean>,
): Promise<boolean> {
  try {
    return await act(engine, incident);
  } catch (error) {
    const { message } = asTidelockError(error);
    engine.notice(`${laneKey(incident)} is contradicted and not handled yet: ${message}`);
    return false;
  }
}

/** Nothing further goes there until somebody clears it, with a reason. Returns pass. */
async function hold(engine: Engine, incident: Incident, why?: string): Promise<boolean> {
  const { deployment, service, environment, reason } = incident;
  const done = await engine.db.transaction().execute(async (tx) => {
    if (!(await lockIncident(tx, deployment))) return false;
    const stopped = await stoppedLine(tx, service, environment);
    if (stopped !== null) {
      await markHandled(tx, [deployment], `${why ?? "held"}: the line is stopped by S-${stopped}`);
      return true;
    }
    const text = `${why === undefined ? "" : `${why}; `}what is live is contradicted: ${reason}`;
    const given = { kind: "line" as const, service, environment, release: null, artifacts: [] };
    const row = await insertStop(tx, { ...given, reason: text.slice(0, 900), by: tidelock.id });
    await announce(tx, {
      kind: "line.stopped",
      service,
      environment,
      message: `the line ${service}/${environment} is stopped: ${text} (S-${row.id})`,
    });
    await markHandled(tx, [deployment], `${why ?? "held"}: the line is stopped by S-${row.id}`);
    return true;
  });
  if (done) engine.signals.emit("change");
  return done;
}

/** Back to what is known to be better; where nothing is, both are bad: the line is stopped, and people decide. */
async function giveBack(engine: Engine, incident: Incident): Promise<boolean> {
  const lane: Lane = { service: incident.service, environment: incident.environment };
  const running = await runningPromotion(engine.db, lane);
  // A return that is under way ends first: it may be this one, asked for before a crash.
  if (running?.kind === "rollback") return false;
  const better = await knownBetter(engine, lane);
  if (better === null)
    return hold(engine, incident, "both are bad: nothing known to be better stands here");
  await engine.hooks?.reach("contradictions:return");
  const reason = `contradicted: ${incident.reason}`.slice(0, 900);
  await rollback(engine, tidelock, lane, { to: better.release, reason });
  await markHandled(
    engine.db,
    [incident.deployment],
    `the traffic was returned to ${better.release}`,
  );
  return true;
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
