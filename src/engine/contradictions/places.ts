import { type Lane, laneKey } from "../../model/primitives.ts";
import { databaseTime } from "../../store/queries/attestations.ts";
import {
  claimPlaces,
  markPlaces,
  type OpenPlace,
  type PlaceResult,
  standingIn,
} from "../../store/queries/contradictions.ts";
import { announce } from "../../store/queries/events.ts";
import { unknownIncidents } from "../../store/queries/incidents.ts";
import { wakeWaiting } from "../../store/queries/promotions.ts";
import type { Db } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";
import { type DecidedAgain, decideAgainAll } from "./decide-again.ts";
import { keep } from "./record.ts";

/** Places that are decided in one transaction; and how many of these go on side by side: one reads and one writes while one decides. */
const atOnce = 200;
const sideBySide = 3;

/** Every place that is open, until none is left that nobody else holds. */
export async function decidePlaces(engine: Engine): Promise<void> {
  // Of these something could not be gathered now: they are for the next look, and the others are not held up.
  const failed = new Set<string>();
  const worker = async (): Promise<void> => {
    while (await decideSome(engine, failed)) await engine.hooks?.reach("contradictions:batch");
  };
  await Promise.all(Array.from({ length: sideBySide }, worker));
}

/** False when there was nothing to do. */
async function decideSome(engine: Engine, failed: Set<string>): Promise<boolean> {
  const done = await engine.db.transaction().execute(async (tx) => {
    const claimed = await claimPlaces(tx, atOnce, [...failed]);
    if (claimed.length === 0) return null;
    const waking = claimed.filter(({ place }) => place === "open");
    const standing = claimed.filter(({ place }) => place !== "open");
    const results = await decideStanding(engine, tx, standing, failed);
    await engine.hooks?.reach("contradictions:decided");
    for (const lane of lanesOf(waking)) {
      // Its gate is asked again, and once more right before its traffic moves: both know what is known now.
      await wakeWaiting(tx, lane);
      await engine.wake(tx, lane);
    }
    const woken = waking.map((place) => ({ ...place, result: "woken" as const }));
    await markPlaces(tx, [...results, ...woken]);
    return lanesOf(waking);
  });
  if (done === null) return false;
  engine.signals.emit("change");
  for (const lane of done) engine.signals.emit("lane", lane);
  return true;
}

function lanesOf(places: readonly Lane[]): readonly Lane[] {
  const lanes = new Map(places.map(({ service, environment }) => [laneKey({ service, environment }), { service, environment }])); // prettier-ignore
  return [...lanes.values()];
}

type Decided = OpenPlace & { readonly result: PlaceResult };

async function decideStanding(
  engine: Engine,
  tx: Db,
  places: readonly OpenPlace[],
  failed: Set<string>,
): Promise<readonly Decided[]> {
  // Several causes of one place are one question.
  const asked = Map.groupBy(places, placeKey);
  const one = [...asked.values()].flatMap(([first]) => first ?? []);
  const standings = await standingIn(tx, one);
  const now = new Date(await databaseTime(tx));
  const decided = await decideAgainAll(engine, tx, standings, now, (one) =>
    failed.add(placeKey(one)),
  );
  await keep(engine, tx, decided, (standing) => asked.get(placeKey(standing))?.[0]?.message ?? "");
  await sayUnknown(tx, decided);
  const results = new Map(decided.map((found) => [placeKey(found.standing), resultOf(found)]));
  const there = new Set(standings.map(placeKey));
  return places.flatMap((place): readonly Decided[] => {
    const key = placeKey(place);
    const result = results.get(key) ?? (there.has(key) ? undefined : "gone");
    // Left for the next turn.
    return result === undefined ? [] : [{ ...place, result }];
  });
}

/** What users meet and nobody can judge again is no silence: it is said, and is not taken for standing. */
async function sayUnknown(tx: Db, decided: readonly DecidedAgain[]): Promise<void> {
  const unknown = decided.filter(
    ({ standing, found }) => found === null && standing.place === "live",
  );
  await announce(
    tx,
    ...unknown.map(({ standing: { service, environment, promotion } }) => ({
      kind: "release.unknown",
      service,
      environment,
      promotion,
      message:
        "what is live cannot be decided again: what its gate was asked over is not kept any more; promote it again, and it can be",
    })),
  );
  await unknownIncidents(
    tx,
    unknown.map(({ standing }) => standing.deployment),
  );
}

function placeKey({ service, environment, place }: Lane & { readonly place: string }): string {
  return `${service} ${environment} ${place}`;
}

function resultOf({ found }: DecidedAgain): PlaceResult {
  if (found === null) return "unknown";
  return found.contradicted.length > 0 ? "contradicted" : "stands";
}
