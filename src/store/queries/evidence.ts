import { createHash } from "node:crypto";
import type { CheckDemand } from "../../model/pipeline.ts";
import type { Digest, Lane } from "../../model/primitives.ts";
import type { CheckReport, KeptReport, WitnessedIdentity } from "../../model/verdict.ts";
import { checkRunsProjection } from "../projections/promotions.ts";
import { recordRows } from "../projections/projection.ts";
import type { CheckRunRow, Db, DeploymentRow, Schema } from "../schema.ts";
import { dbNow } from "./promotions.ts";
import { type Insertable, sql } from "kysely";

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

export async function checkRunById(db: Db, id: string): Promise<CheckRunRow | undefined> {
  return db.selectFrom("check_runs").selectAll().where("id", "=", id).executeTakeFirst();
}

/** Runs of one check in a lane that came to their end, newest first, each with what its plan demanded. */
export async function completeRunsBefore(
  db: Db,
  lane: Lane,
  name: string,
): Promise<readonly { readonly report: KeptReport; readonly checks: readonly CheckDemand[] }[]> {
  const { rows } = await sql<{ report: KeptReport; checks: CheckDemand[] }>`
    select c.report - 'observations' - 'results' as report, p.plan -> 'checks' as checks
    from check_runs c join promotions p on p.id = c.promotion
    where p.service = ${lane.service} and p.environment = ${lane.environment} and c.name = ${name}
      and c.report ->> 'verdict' in ('pass', 'warn', 'fail')
    order by c.ended_at desc limit 10
  `.execute(db);
  return rows;
}

/** A run that has begun already keeps its row. Answers whether it still has to be carried out. */
export async function insertCheckRun(
  tx: Db,
  run: Insertable<Schema["check_runs"]>,
): Promise<boolean> {
  await tx
    .insertInto("check_runs")
    .values(run)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const row = await tx
    .selectFrom("check_runs")
    .select("report")
    .where("id", "=", run.id)
    .executeTakeFirstOrThrow();
  return row.report === null;
}

/**
 * The first report stands, and is recorded with it and with the statements that `attest` makes of it. The raw
 * report goes where its digest finds it. Answers whether this one was kept.
 */
export async function reportCheckRun(
  tx: Db,
  lane: Lane,
  id: string,
  report: CheckReport,
  attest: (run: CheckRunRow & { readonly report: KeptReport }) => Promise<readonly Digest[]>,
): Promise<boolean> {
  const kept = await keepRaw(tx, report);
  const row = await tx
    .updateTable("check_runs")
    .set({
      report: JSON.stringify(kept),
      ended_at: dbNow,
      // What was proven at its beginning may not have lasted.
      ...(report.identity === undefined ? {} : { identity: identityOf(report.identity) }),
    })
    .where("id", "=", id)
    .where("report", "is", null)
    .returningAll()
    .executeTakeFirst();
  if (!row) return false;
  const { service, environment } = lane;
  const summary = report.summary.slice(0, 2_000);
  const attestations = await attest({ ...row, report: kept });
  const { validUntil } = report;
  const more = {
    summary,
    exercised: report.exercised,
    tools: report.tools,
    attestations,
    ...(validUntil === undefined ? {} : { validUntil }),
  };
  await recordRows(tx, checkRunsProjection, [{ ...row, service, environment }], { more });
  return true;
}

function identityOf({ before, during, after, contradiction }: WitnessedIdentity) {
  const grades = contradiction === null ? [before, during, after] : ["none" as const];
  return (["none", "bound", "native"] as const).find((grade) => grades.includes(grade)) ?? "none";
}

async function keepRaw(tx: Db, report: CheckReport): Promise<KeptReport> {
  const { raw, ...rest } = report;
  if (raw === undefined) return rest;
  const { format, text, truncated } = raw;
  const content = Buffer.from(text);
  const digest: Digest = `sha256:${createHash("sha256").update(content).digest("hex")}`;
  await tx
    .insertInto("raw_reports")
    .values({ digest, content })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return { ...rest, raw: { format, digest, bytes: content.length, truncated } };
}

/** Undefined where it was erased, or stands in the report itself. */
export async function readRawReport(db: Db, digest: Digest): Promise<Buffer | undefined> {
  const row = await db
    .selectFrom("raw_reports")
    .select("content")
    .where("digest", "=", digest)
    .executeTakeFirst();
  return row?.content;
}

/** Removes a raw report that no run names any more. */
export async function dropRawReport(tx: Db, digest: Digest): Promise<boolean> {
  const { rows } = await sql`
    delete from raw_reports where digest = ${digest} and not exists (
      select from check_runs where report -> 'raw' ->> 'digest' = ${digest}
    ) returning digest
  `.execute(tx);
  return rows.length > 0;
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
