import { asTidelockError } from "../../model/errors.ts";
import { type Lane, laneKey } from "../../model/primitives.ts";
import type { Ground } from "../../policy/decide.ts";
import { databaseTime } from "../../store/queries/attestations.ts";
import {
  addCheckCauses,
  addExploitedCause,
  addImportCauses,
  addKeyCauses,
  addWaiverCauses,
} from "../../store/queries/causes.ts";
import {
  claimPlaces,
  keepRedecisions,
  markPlaces,
  type OpenPlace,
  type PlaceResult,
  type Redecision,
  type Standing,
  standingIn,
} from "../../store/queries/contradictions.ts";
import { announce } from "../../store/queries/events.ts";
import { wakeWaiting } from "../../store/queries/promotions.ts";
import type { Db } from "../../store/schema.ts";
import type { Engine } from "../engine.ts";
import { holdAgainstAdvisories } from "./advisories.ts";
import { attestRedecisions } from "./attest.ts";
import { indexUnread } from "./components.ts";
import { type DecidedAgain, decideAgainAll } from "./decide-again.ts";
import { handleIncidents } from "./incidents.ts";

/**
 * Law 3: when evidence turns out wrong, whatever leaned on it is decided again. Everything is read out of rows, so that a
 * server which dies anywhere loses nothing but time, and any number of them share the work:
 *
 *   advisories, report, VEX, list of exploited, key, waiver, check --noticed--> cause + places (one transaction)
 *   place --claimed, decided once more over what is known now, recorded (one transaction, some hundreds)--> decided
 *   deployment contradicted --incident--> alerted, line stopped, or traffic returned
 *
 * What is found is a function of what is known, never of the order or the number of the causes.
 */
export async function reevaluate(engine: Engine): Promise<void> {
  await notice(engine);
  await decidePlaces(engine);
  await handleIncidents(engine);
}

/** What came since, with every place that it touches. */
async function notice(engine: Engine): Promise<void> {
  const { db } = engine;
  const looks: readonly (readonly [string, () => Promise<unknown>])[] = [
    ["SBOMs", () => indexUnread(engine)],
    ["advisories", () => holdAgainstAdvisories(engine)],
    ["reports", () => addImportCauses(db)],
    ["the list of what is exploited", () => addExploitedCause(db)],
    ["keys", () => addKeyCauses(db)],
    ["accepted risks", () => addWaiverCauses(db)],
    ["checks", () => addCheckCauses(db)],
  ];
  for (const [what, look] of looks) {
    // One that cannot be read must not hide the others.
    await look().catch((error: unknown) => {
      engine.notice(`what came of ${what} is not known yet: ${asTidelockError(error).message}`);
    });
  }
}

/** Places that are decided in one transaction; and how many of these go on side by side, one reading while one writes. */
const atOnce = 250;
const sideBySide = 2;

/** Every place that is open, until none is left that nobody else holds. */
export async function decidePlaces(engine: Engine): Promise<void> {
  const worker = async (): Promise<void> => {
    while (await decideSome(engine)) await engine.hooks?.reach("contradictions:batch");
  };
  await Promise.all(Array.from({ length: sideBySide }, worker));
}

/** False when there was nothing to do. */
async function decideSome(engine: Engine): Promise<boolean> {
  const done = await engine.db.transaction().execute(async (tx) => {
    const claimed = await claimPlaces(tx, atOnce);
    if (claimed.length === 0) return null;
    const waking = claimed.filter(({ place }) => place === "open");
    const standing = claimed.filter(({ place }) => place !== "open");
    const results = await decideStanding(engine, tx, standing);
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
): Promise<readonly Decided[]> {
  // Several causes of one place are one question.
  const asked = Map.groupBy(places, placeKey);
  const one = [...asked.values()].flatMap(([first]) => first ?? []);
  const standings = await standingIn(tx, one);
  const now = new Date(await databaseTime(tx));
  const decided = await decideAgainAll(engine, tx, standings, now);
  await keep(engine, tx, decided, (standing) => asked.get(placeKey(standing))?.[0]?.message ?? "");
  const results = new Map(decided.map((found) => [placeKey(found.standing), resultOf(found)]));
  const there = new Set(standings.map(placeKey));
  return places.flatMap((place): readonly Decided[] => {
    const key = placeKey(place);
    const result = results.get(key) ?? (there.has(key) ? undefined : "gone");
    // Left for the next turn.
    return result === undefined ? [] : [{ ...place, result }];
  });
}

function placeKey({ service, environment, place }: Lane & { readonly place: string }): string {
  return `${service} ${environment} ${place}`;
}

function resultOf({ found }: DecidedAgain): PlaceResult {
  if (found === null) return "unknown";
  return found.contradicted.length > 0 ? "contradicted" : "stands";
}

/**
 * Records what has changed: a contradiction, another one than was known, or that it stands again. What stands as before is
 * no event. Answers how many were recorded.
 */
export async function keep(
  engine: Engine,
  tx: Db,
  decided: readonly DecidedAgain[],
  causeOf: (standing: Standing) => string,
): Promise<number> {
  const fresh = decided.flatMap(({ standing, found }) => {
    if (found === null) return [];
    const reason = found.contradicted.length === 0 ? null : reasonOf(found.contradicted);
    if (reason === standing.contradicted_reason) return [];
    return [{ standing, decided: found.decided, reason, cause: causeOf(standing) }];
  });
  const attestations = await attestRedecisions(engine, tx, fresh);
  const made = fresh.map((one, at): Redecision => {
    const attestation = attestations[at];
    if (attestation === undefined) throw new Error("a decision has no statement");
    return { ...one, attestation };
  });
  await keepRedecisions(tx, made);
  await announce(tx, ...made.map(eventOf));
  return made.length;
}

const longest = 2_000;

function reasonOf(grounds: readonly Ground[]): string {
  return grounds
    .map(({ message }) => message)
    .join("; ")
    .slice(0, longest);
}

function eventOf({ standing, reason, cause }: Redecision) {
  const { service, environment, promotion, place } = standing;
  const what = place === "live" ? "what is live" : "what could take the traffic back";
  return {
    kind: reason === null ? "release.stands-again" : "release.contradicted",
    service,
    environment,
    promotion,
    message:
      reason === null
        ? `decided again: ${what} stands again (${cause})`
        : `decided again, deny: ${what} is contradicted: ${reason} (${cause})`,
  };
}
