import type { EvidenceView } from "../../api/views.ts";
import { type Lane, laneKey } from "../../model/primitives.ts";
import {
  type LiveContradiction,
  liveContradictions,
  type LiveRun,
  liveRuns,
} from "../../store/queries/standing-evidence.ts";
import type { Engine } from "../engine.ts";

/** How the evidence of what is live stands now, by lane; a lane that is not in it has nothing live that a check let through. */
export async function evidenceViews(
  engine: Engine,
  now: Date,
  service?: string,
): Promise<(lane: Lane) => EvidenceView> {
  const [contradictions, runs] = await Promise.all([
    liveContradictions(engine.db),
    liveRuns(engine.db, service),
  ]);
  const against = new Map(contradictions.map((one) => [laneKey(one), one]));
  const answers = Map.groupBy(runs, laneKey);
  return (lane) => {
    const found = against.get(laneKey(lane));
    return {
      contradicted: found ? contradictedView(found) : null,
      stale: (answers.get(laneKey(lane)) ?? []).flatMap((run) => staleView(engine, run, now)),
    };
  };
}

function contradictedView(found: LiveContradiction): NonNullable<EvidenceView["contradicted"]> {
  const { service, environment, since, reason, handled } = found;
  const ways = [
    `promote a release that is not concerned: tidelock promote ${service}@<version> --to ${environment}`,
    `go back to one: tidelock rollback ${environment} --service ${service} --to <version>`,
    `or say why it does not concern this one: tidelock findings import <VEX> --service ${service}`,
  ];
  return { since: since.toISOString(), reason, handled, next: ways.join("; ") };
}

function staleView(engine: Engine, run: LiveRun, now: Date): EvidenceView["stale"] {
  const ends = [
    run.valid_until === null ? Number.POSITIVE_INFINITY : Date.parse(run.valid_until),
    run.max_age === null ? Number.POSITIVE_INFINITY : run.ended.getTime() + run.max_age,
  ];
  // An end that cannot be read has passed.
  const end = ends.some(Number.isNaN) ? run.ended.getTime() : Math.min(...ends);
  if (end > now.getTime()) return [];
  const touch = engine.checks.get(run.uses)?.touch;
  const byItself = run.phase === "static" && touch === "files";
  const { service, environment, version, check } = run;
  return [
    {
      check,
      since: new Date(end).toISOString(),
      next: byItself
        ? "nothing to do: it is run again by itself"
        : `run it again by promoting the same release again: tidelock promote ${service}@${version} --to ${environment}`,
    },
  ];
}
