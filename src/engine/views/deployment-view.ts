import type { DeploymentView, TraceView } from "../../api/views.ts";
import type { Db } from "../../store/schema.ts";
import { listDeployments } from "../../store/queries/live.ts";

/** What ran where, when, and by whom (S3-29). */
export async function deploymentViews(
  db: Db,
  filter: { service?: string; environment?: string; at?: string; limit: number },
): Promise<readonly DeploymentView[]> {
  const rows = await listDeployments(db, filter);
  const versions = await versionsOf(
    db,
    rows.map((row) => row.release),
  );
  return rows.map((row) => ({
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

/** A commit's way: which releases carry it, and which environments it has reached (S4-01). */
export async function traceViews(db: Db, revision: string): Promise<readonly TraceView[]> {
  const carried = await db
    .selectFrom("release_commits")
    .innerJoin("releases", "releases.id", "release_commits.release")
    .select([
      "release_commits.revision",
      "release_commits.subject",
      "release_commits.author",
      "release_commits.at",
      "releases.id",
      "releases.service",
      "releases.version",
    ])
    .where("release_commits.revision", "like", `${revision}%`)
    .orderBy("releases.created_at")
    .limit(500)
    .execute();
  const ids = [...new Set(carried.map((row) => row.id))];
  const deployments =
    ids.length === 0
      ? []
      : await db
          .selectFrom("deployments")
          .selectAll()
          .where("release", "in", ids)
          .orderBy("from_at")
          .execute();
  const byRevision = new Map<string, TraceView>();
  for (const row of carried) {
    const view = byRevision.get(row.revision) ?? {
      revision: row.revision,
      subject: row.subject,
      author: row.author,
      at: row.at.toISOString(),
      releases: [],
    };
    view.releases.push({
      id: row.id,
      service: row.service,
      version: row.version,
      environments: reached(deployments.filter((one) => one.release === row.id)),
    });
    byRevision.set(row.revision, view);
  }
  return [...byRevision.values()];
}

/** One line an environment: first there, and until when; open while it is live. */
function reached(
  deployments: readonly { environment: string; from_at: Date; until_at: Date | null }[],
): TraceView["releases"][number]["environments"] {
  const environments = [...new Set(deployments.map((one) => one.environment))];
  return environments.map((environment) => {
    const times = deployments.filter((one) => one.environment === environment);
    const last = times.at(-1);
    return {
      environment,
      live: last?.until_at === null,
      first: times[0]?.from_at.toISOString() ?? "",
      until: last?.until_at?.toISOString() ?? null,
    };
  });
}
