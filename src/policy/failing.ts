import type { Observation } from "../model/observation.ts";
import type { CheckReport } from "../model/verdict.ts";
import { mostAcceptedResults } from "../model/waiver.ts";

type Read = Pick<CheckReport, "results" | "observations" | "counts">;

/**
 * What fails in a report, one name a failure, sorted: of two runs whoever accepted the one has accepted the other where
 * its names are among them. Of the same thing twice the second one has a name of its own. Without lines, versions and
 * numbers of any run, so that what merely moved keeps its name. Null: more than anybody can read and accept.
 */
export function failingIn({ results, observations, counts }: Read): readonly string[] | null {
  const hits = observations ?? [];
  const told = Object.values(counts ?? {}).reduce((sum, count) => sum + count, 0);
  if (told > hits.length) return null;
  const names = [
    ...results.filter(({ verdict }) => verdict === "fail").map(({ name }) => name),
    ...hits.map(nameOf),
  ];
  // Reports list no more results than this, so that one with as many may have more.
  if (results.length >= mostAcceptedResults || names.length > mostAcceptedResults) return null;
  return numbered(names.map((name) => name.slice(0, 1_000)));
}

function numbered(names: readonly string[]): readonly string[] {
  const seen = new Map<string, number>();
  return names.toSorted().map((name) => {
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return count === 1 ? name : `${name} (${count})`;
  });
}

/** A graver hit is another one. */
function nameOf({ severity, rule, place }: Observation): string {
  return `${severity} ${rule.slice(0, 300)} at ${placeOf(place)}`;
}

function placeOf(place: Observation["place"]): string {
  switch (place.kind) {
    case "file":
      return place.path;
    case "package":
      return place.path === undefined ? place.name : `${place.name} in ${place.path}`;
    case "http":
      return `${place.method} ${place.route}${place.parameter === undefined ? "" : ` ${place.parameter}`}`;
    case "port":
      return `${place.host}:${place.port}/${place.protocol}`;
    case "resource":
      return place.name;
  }
}
