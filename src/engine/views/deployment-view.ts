import type { DeploymentView } from "../../api/views.ts";
import type { Db } from "../../store/schema.ts";
import { listDeployments } from "../../store/queries/live.ts";

/** What ran where, when, and by whom (S3-29). */
export async function deploymentViews(
  db: Db,
  filter: Parameters<typeof listDeployments>[1],
): Promise<readonly DeploymentView[]> {
  const rows = await listDeployments(db, filter);
  const versions = await versionsOf(
    db,
    rows.map((row) => row.release),
  );
  return rows.map((row) => ({
    id: row.id,
    service: row.service,
    environment: row.environment,
    release: { id: row.release, version: versions.get(row.release) ?? "0" },
    configuration: row.configuration_version,
    colour: row.colour,
    promotion: row.promotion,
    kind: row.kind,
    from: row.from_at.toISOString(),
    until: row.until_at?.toISOString() ?? null,
    by: row.by_actor,
  }));
}

export async function versionsOf(
  db: Db,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .selectFrom("releases")
    .select(["id", "version"])
    .where("id", "in", [...new Set(ids)])
    .execute();
  return new Map(rows.map((row) => [row.id, row.version]));
}
