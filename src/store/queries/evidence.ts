import type { Digest, Lane } from "../../model/primitives.ts";
import type { CheckReport } from "../../model/verdict.ts";
import { checkRunsProjection } from "../projections/promotions.ts";
import { recordRows } from "../projections/projection.ts";
import type { CheckRunRow, Db, DeploymentRow, Schema } from "../schema.ts";
import { dbNow } from "./promotions.ts";
import type { Insertable } from "kysely";

/** Check runs, and what a release has shown in the environments before. */

export async function checkRunsOf(db: Db, promotion: string): Promise<readonly CheckRunRow[]> {
  return db
    .selectFrom("check_runs")
    .selectAll()
    .where("promotion", "=", promotion)
    .orderBy("started_at")
    .orderBy("attempt")
    .execute();
}

/** A run that has begun already keeps its row. */
export async function insertCheckRun(tx: Db, run: Insertable<Schema["check_runs"]>): Promise<void> {
  await tx
    .insertInto("check_runs")
    .values(run)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** The first report stands, and is recorded with it and with the statements that `attest` makes of it. */
export async function reportCheckRun(
  tx: Db,
  lane: Lane,
  id: string,
  report: CheckReport,
  attest: (run: CheckRunRow & { readonly report: CheckReport }) => Promise<readonly Digest[]>,
): Promise<void> {
  const row = await tx
    .updateTable("check_runs")
    .set({ report: JSON.stringify(report), ended_at: dbNow })
    .where("id", "=", id)
    .where("report", "is", null)
    .returningAll()
    .executeTakeFirst();
  if (!row) return;
  const { service, environment } = lane;
  const summary = report.summary.slice(0, 2_000);
  const attestations = await attest({ ...row, report });
  const more = { summary, exercised: report.exercised, tools: report.tools, attestations };
  await recordRows(tx, checkRunsProjection, [{ ...row, service, environment }], { more });
}

/** Every time in which `release` was live in a lane, newest first. */
export async function standingOf(
  db: Db,
  lane: Lane,
  release: string,
): Promise<readonly DeploymentRow[]> {
  return db
    .selectFrom("deployments")
    .selectAll()
    .where("service", "=", lane.service)
    .where("environment", "=", lane.environment)
    .where("release", "=", release)
    .orderBy("from_at", "desc")
    .orderBy("id", "desc")
    .execute();
}
