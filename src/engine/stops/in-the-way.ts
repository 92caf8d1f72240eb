import { type Digest, type Lane, laneKey } from "../../model/primitives.ts";
import type { Release } from "../../model/release.ts";
import type { StopSays } from "../../policy/stops.ts";
import { listStops } from "../../store/queries/stops.ts";
import type { StopRow } from "../../store/schema-stops.ts";
import type { Db } from "../../store/schema.ts";

/** What is stopped and concerns this release in this lane, in the order in which it was stopped. */
export async function stopsInTheWay(
  db: Db,
  lane: Lane,
  release: Pick<Release, "artifacts">,
): Promise<readonly StopSays[]> {
  const rows = (await listStops(db, { open: true })).filter((row) => concerns(row, lane, release));
  return rows.toReversed().map(said);
}

/** A ban is about content: under another version it is the same, and with more beside it too. */
export function concerns(
  row: StopRow,
  { service, environment }: Lane,
  release: Pick<Release, "artifacts">,
): boolean {
  if (row.kind === "ban") return isMadeOf(release, row.artifacts);
  return (
    (row.service === null || row.service === service) &&
    (row.environment === null || row.environment === environment)
  );
}

export function isMadeOf(
  { artifacts }: Pick<Release, "artifacts">,
  digests: readonly Digest[],
): boolean {
  const own = new Set(artifacts.map(({ digest }) => digest));
  return digests.length > 0 && digests.every((digest) => own.has(digest));
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
