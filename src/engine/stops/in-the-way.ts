import { type Lane, laneKey } from "../../model/primitives.ts";
import type { Release } from "../../model/release.ts";
import type { StopSays } from "../../policy/stops.ts";
import { listStops } from "../../store/queries/stops.ts";
import type { StopRow } from "../../store/schema-stops.ts";
import type { Db } from "../../store/schema.ts";

/** What is stopped and concerns this release in this lane, in the order in which it was stopped. */
export async function stopsInTheWay(
  db: Db,
  lane: Lane,
  release: Content,
): Promise<readonly StopSays[]> {
  const rows = (await listStops(db, { open: true })).filter((row) => concerns(row, lane, release));
  return rows.toReversed().map(said);
}

/** What of a release a ban is about. */
type Content = Pick<Release, "artifacts" | "source">;

/** A ban is about content: under another version it is the same, and with more or less beside it too. */
export function concerns(row: StopRow, { service, environment }: Lane, release: Content): boolean {
  if (row.kind === "ban") return isMadeOf(row, service, release);
  return (
    (row.service === null || row.service === service) &&
    (row.environment === null || row.environment === environment)
  );
}

function isMadeOf(row: StopRow, service: string, { artifacts, source }: Content): boolean {
  const { revision } = row;
  const made = source.kind === "git" && source.revision === revision;
  if (revision !== null && made && row.service === service) return true;
  const own = new Set(artifacts.map(({ digest }) => digest));
  const held = row.artifacts.filter((digest) => own.has(digest));
  return held.length > 0 && (row.parts === "any" || held.length === row.artifacts.length);
}

export function said(row: StopRow): StopSays {
  return {
    id: `S-${row.id}`,
    kind: row.kind,
    scope: scopeOf(row),
    reason: row.reason,
    by: row.by_actor,
    since: row.at.toISOString(),
  };
}

/** `shop/production`, `shop`, `production` (of every service), or the content of a release. */
export function scopeOf({ kind, service, environment, release }: StopRow): string {
  if (kind === "ban") return `the content of ${service} ${release?.slice(0, 19) ?? ""}`;
  if (service === null) return environment ?? "everything";
  return environment === null ? service : laneKey({ service, environment });
}
