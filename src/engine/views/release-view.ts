import type { ReleaseView } from "../../api/views.ts";
import { othersAttestations } from "../../store/queries/attestations.ts";
import type { Db, DeploymentRow, ReleaseRow } from "../../store/schema.ts";
import { listStops } from "../../store/queries/stops.ts";
import type { StopRow } from "../../store/schema-stops.ts";
import { concerns, said } from "../stops/in-the-way.ts";
import { attestationView } from "./attestation-view.ts";

/** A release and where it is or was live, in the order in which it came there. */
export async function releaseView(db: Db, row: ReleaseRow): Promise<ReleaseView> {
  const [view] = await releaseViews(db, [row]);
  if (!view) throw new Error("one row makes one view");
  return view;
}

export async function releaseViews(
  db: Db,
  rows: readonly ReleaseRow[],
): Promise<readonly ReleaseView[]> {
  if (rows.length === 0) return [];
  const deployments = await db
    .selectFrom("deployments")
    .selectAll()
    .where(
      "release",
      "in",
      rows.map((row) => row.id),
    )
    .orderBy("from_at")
    .execute();
  const attestations = await othersAttestations(
    db,
    rows.map((row) => row.id),
  );
  const bans = (await listStops(db, { open: true })).filter(({ kind }) => kind === "ban");
  return rows.map((row) => ({
    id: row.id,
    service: row.service,
    version: row.version,
    createdAt: row.created_at.toISOString(),
    createdBy: row.created_by,
    artifacts: row.content.artifacts.map(({ name, digest, size }) => ({ name, digest, size })),
    source: row.content.source,
    attestations: attestations.filter((one) => one.release === row.id).map(attestationView),
    environments: environmentsOf(deployments.filter((one) => one.release === row.id)),
    ...bannedBy(
      bans.find((ban) => concerns(ban, { service: row.service, environment: "" }, row.content)),
    ),
  }));
}

/** Of a ban that concerns it, what people need to know. */
export function bannedBy(ban: StopRow | undefined): Pick<ReleaseView, "banned"> {
  if (ban === undefined) return {};
  const { id, reason, by, since } = said(ban);
  return { banned: { id, reason, by, since } };
}

/** One line an environment: the newest time there. */
function environmentsOf(deployments: readonly DeploymentRow[]): ReleaseView["environments"] {
  const newest = new Map(deployments.map((one) => [one.environment, one]));
  return [...newest.values()].map((one) => ({
    environment: one.environment,
    live: one.until_at === null,
    since: one.from_at.toISOString(),
    verifiedAt: one.verified_at?.toISOString() ?? null,
  }));
}
