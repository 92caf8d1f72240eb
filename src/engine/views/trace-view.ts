import { sql } from "kysely";
import type { TraceView } from "../../api/views.ts";
import type { Db } from "../../store/schema.ts";

interface Carried {
  readonly revision: string;
  readonly subject: string;
  readonly author: string;
  readonly at: Date;
  readonly id: string;
  readonly service: string;
  readonly version: string;
}

/** A commit's way: which releases carry it, and which environments it has reached (S4-01). */
export async function traceViews(db: Db, revision: string): Promise<readonly TraceView[]> {
  const carried = await carriersOf(db, revision);
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

/**
 * A release lists the commits since what was live when it was made. It carries those, and, where that
 * start is proven to be its ancestor (`truncated` is false), all that the release at the start carries.
 */
async function carriersOf(db: Db, revision: string): Promise<readonly Carried[]> {
  const { rows } = await sql<Carried>`
    with recursive carriers (release, revision) as (
      select release, revision from release_commits where revision like ${`${revision}%`}
      union
      select later.id, carriers.revision
      from carriers
      join releases earlier on earlier.id = carriers.release
      join releases later
        on later.service = earlier.service
        and later.content -> 'source' ->> 'since' = earlier.content -> 'source' ->> 'revision'
        and (later.content -> 'source' ->> 'truncated')::boolean = false
    )
    select named.revision, named.subject, named.author, named.at,
      releases.id, releases.service, releases.version
    from carriers
    join releases on releases.id = carriers.release
    join lateral (
      select * from release_commits where release_commits.revision = carriers.revision limit 1
    ) named on true
    order by releases.created_at
    limit 500`.execute(db);
  return rows;
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
