import { sql } from "kysely";
import type { Page } from "../../model/principal.ts";
import type { Severity } from "../../model/observation.ts";
import type { CheckDemand } from "../../model/pipeline.ts";
import type { Digest, Lane } from "../../model/primitives.ts";
import type { KeptReport } from "../../model/verdict.ts";
import type { Waived } from "../../model/waiver.ts";
import { recordRows } from "../projections/projection.ts";
import { waiversProjection } from "../projections/waivers.ts";
import type { Db } from "../schema.ts";
import type { WaiverRow, WaiverSignature } from "../schema-waivers.ts";
import { dbNow } from "./promotions.ts";
import { readPage } from "./page.ts";

/** Accepted risks. Row and entry together, in the caller's transaction. */

/** The number of the next one: what is signed names it. */
export async function nextWaiver(tx: Db): Promise<string> {
  const { rows } = await sql<{ id: string }>`
    select nextval(pg_get_serial_sequence('waivers', 'id'))::text as id
  `.execute(tx);
  return rows[0]?.id ?? "";
}

export async function insertWaiver(
  tx: Db,
  id: string,
  content: Waived,
  by: string,
): Promise<WaiverRow> {
  const { service, environment } = content;
  const row = await tx
    .insertInto("waivers")
    .values({ id, service, environment, content: JSON.stringify(content), proposed_by: by })
    .returningAll()
    .executeTakeFirstOrThrow();
  await recordRows(tx, waiversProjection, [row], { kind: "waiver.proposed", actor: by });
  return row;
}

export async function readWaiver(db: Db, id: string): Promise<WaiverRow | undefined> {
  return db.selectFrom("waivers").selectAll().where("id", "=", id).executeTakeFirst();
}

/** Nobody else changes it before this transaction ends. */
export async function lockWaiver(tx: Db, id: string): Promise<WaiverRow | undefined> {
  return tx.selectFrom("waivers").selectAll().where("id", "=", id).forUpdate().executeTakeFirst();
}

/** One more signature; with the second one it is in force from now on. */
export async function signWaiver(
  tx: Db,
  { id, signatures }: WaiverRow,
  signature: WaiverSignature,
  by: string,
): Promise<WaiverRow> {
  const all = [...signatures, signature];
  const row = await tx
    .updateTable("waivers")
    .set({
      signatures: JSON.stringify(all),
      ...(all.length < neededSignatures ? {} : { state: "in-force" as const, since: signature.at }),
      changes: sql<number>`changes + 1`,
    })
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirstOrThrow();
  await recordRows(tx, waiversProjection, [row], { kind: "waiver.signed", actor: by });
  return row;
}

/** One of a person: the token that everybody shares shows nobody. */
export const neededSignatures = 2;

/** It holds no more, for good. Undefined when that was so before. */
export async function endWaiver(
  tx: Db,
  id: string,
  how: { readonly state: "withdrawn" | "ended"; readonly why: string; readonly by: string },
): Promise<WaiverRow | undefined> {
  const row = await tx
    .updateTable("waivers")
    .set({
      state: how.state,
      why: how.why,
      ended_at: dbNow,
      // Nothing ever leaned on one that was not in force.
      settled: sql<boolean>`state = 'proposed'`,
      changes: sql<number>`changes + 1`,
    })
    .where("id", "=", id)
    .where("state", "in", ["proposed", "in-force"])
    .returningAll()
    .executeTakeFirst();
  if (row) {
    const kind = how.state === "withdrawn" ? "waiver.withdrawn" : "waiver.ended";
    await recordRows(tx, waiversProjection, [row], { kind, actor: how.by });
  }
  return row;
}

/** More in one lane are no exceptions any more: the rest does not count. */
export const mostInForce = 500;

export async function waiversInForce(db: Db, lane?: Lane): Promise<readonly WaiverRow[]> {
  let query = db.selectFrom("waivers").selectAll().where("state", "=", "in-force");
  if (lane) {
    query = query
      .where("service", "=", lane.service)
      .where("environment", "=", lane.environment)
      .limit(mostInForce);
  }
  return query.orderBy("id").execute();
}

/** Of findings, all or these (numbers); of each lane only as many as count. */
export async function findingWaivers(
  db: Db,
  findings: readonly string[] | null,
): Promise<readonly WaiverRow[]> {
  const wanted = findings?.map((id) => `F-${id}`) ?? null;
  if (wanted?.length === 0) return [];
  const { rows } = await sql<WaiverRow>`
    select * from (
      select w.*, row_number() over (partition by service, environment order by id) as place
      from waivers w where state = 'in-force'
    ) counted
    where place <= ${mostInForce} and content -> 'of' ->> 'kind' = 'finding'
      and (${wanted}::text[] is null or content -> 'of' ->> 'finding' = any (${wanted}::text[]))
    order by id
  `.execute(db);
  return rows;
}

/** Since when, and until when, findings were ever accepted; `finding` is a number. */
export async function acceptances(
  db: Db,
  findings: readonly string[],
): Promise<
  readonly {
    readonly finding: string;
    readonly environment: string;
    readonly since: Date;
    readonly ended: Date | null;
  }[]
> {
  if (findings.length === 0) return [];
  const { rows } = await sql<{
    finding: string;
    environment: string;
    since: Date;
    ended: Date | null;
  }>`
    select substr(content -> 'of' ->> 'finding', 3) as finding, environment, since, ended_at as ended
    from waivers
    where since is not null and content -> 'of' ->> 'finding' = any (${findings.map((id) => `F-${id}`)})
    order by since
  `.execute(db);
  return rows;
}

/** Proposals whose day is over, without two signatures. */
export async function overdueProposals(db: Db): Promise<readonly WaiverRow[]> {
  return db
    .selectFrom("waivers")
    .selectAll()
    .where("state", "=", "proposed")
    .where(sql<boolean>`(content ->> 'until')::timestamptz <= ${dbNow}`)
    .limit(500)
    .execute();
}

/** Ended, and what leaned on them was not decided again yet. */
export async function unsettledWaivers(db: Db): Promise<readonly WaiverRow[]> {
  return db
    .selectFrom("waivers")
    .selectAll()
    .where("state", "in", ["withdrawn", "ended"])
    .where("settled", "=", false)
    .orderBy("id")
    .limit(200)
    .execute();
}

export async function settleWaiver(db: Db, id: string): Promise<void> {
  await db.updateTable("waivers").set({ settled: true }).where("id", "=", id).execute();
}

/** What a gate counts of findings by themselves. */
export async function waivedFindings(
  db: Db,
  ids: readonly string[],
): Promise<
  readonly {
    readonly id: string;
    readonly service: string;
    readonly severity: Severity;
    readonly exploited: boolean;
    readonly trusted: boolean;
  }[]
> {
  const { rows } = await sql<{
    id: string;
    service: string;
    severity: Severity;
    exploited: boolean;
    trusted: boolean;
  }>`
    select f.id, f.service, f.severity, f.trusted,
      exists (select from kev_entries k where k.cve = any (f.aliases || f.rule)) as exploited
    from findings f where f.id = any(${[...ids]}::bigint[])
  `.execute(db);
  return rows;
}

const list = {
  table: "waivers",
  id: "content ->> 'waiver'",
  order: ["id"],
  service: "service",
  environment: "environment",
} as const;

/** Newest first. */
export async function listWaivers(
  db: Db,
  filter: {
    readonly service?: string | undefined;
    readonly environment?: string | undefined;
    readonly finding?: string | undefined;
    readonly states: readonly WaiverRow["state"][];
  } & Page,
): Promise<readonly WaiverRow[]> {
  let query = db
    .selectFrom("waivers")
    .selectAll()
    .where("state", "in", [...filter.states]);
  if (filter.service !== undefined) query = query.where("service", "=", filter.service);
  if (filter.environment !== undefined) query = query.where("environment", "=", filter.environment);
  if (filter.finding !== undefined) {
    query = query.where(sql<string>`content -> 'of' ->> 'finding'`, "=", filter.finding);
  }
  return readPage(db, query, list, filter);
}

/** A waiver of the lane that the log has and the database has not. */
export async function goneWaiver(
  db: Db,
  { service, environment }: Lane,
): Promise<string | undefined> {
  const { rows } = await sql<{ operation: string }>`
    select e.operation from ledger_entries e
    where e.stream = ${`${service}/${environment}`} and e.kind = 'waiver.proposed' and not exists (
      select from waivers w where 'waiver/' || w.id || '/1' = e.operation)
    limit 1
  `.execute(db);
  return rows[0]?.operation;
}

/** Runs of a check in a lane that failed, newest first, each with what its plan demanded. */
export async function lastFailure(
  db: Db,
  lane: Lane,
  check: string,
  release: Digest | null,
): Promise<readonly { readonly report: KeptReport; readonly checks: readonly CheckDemand[] }[]> {
  const { rows } = await sql<{ report: KeptReport; checks: CheckDemand[] }>`
    select c.report, p.plan -> 'checks' as checks
    from check_runs c join promotions p on p.id = c.promotion
    where p.service = ${lane.service} and p.environment = ${lane.environment} and c.name = ${check}
      and (${release}::text is null or c.release = ${release}) and c.report ->> 'verdict' = 'fail'
    order by c.ended_at desc limit 5
  `.execute(db);
  return rows;
}

/** Promotions of a lane in which something leaned on a waiver: a gate's reason, or a run of `findings`. */
export async function leaningPromotions(
  db: Db,
  { service, environment }: Lane,
  waiver: string,
): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    select p.id from promotions p
    where p.service = ${service} and p.environment = ${environment} and (
      p.id in (select d.promotion from decision_leans d where d.kind = 'waiver' and d.what = ${waiver})
      or exists (
        select from check_runs c where c.promotion = p.id and c.uses = 'findings'
          and ${waiver} = any (string_to_array(c.report -> 'data' ->> 'waivers', ' '))))
    order by p.id
  `.execute(db);
  return rows.map(({ id }) => id);
}

/** Where the next decision of a promotion goes: after all that its steps and its late checks make. Holds off others. */
export async function nextDecision(tx: Db, promotion: string): Promise<number> {
  await sql`select from promotions where id = ${promotion} for update`.execute(tx);
  const { rows } = await sql<{ step: number }>`
    select greatest(coalesce(max(step), 0), 10000) + 1 as step from decisions where promotion = ${promotion}
  `.execute(tx);
  return rows[0]?.step ?? 1;
}

/** Whoever had a finding in their hands. */
export async function handlersOf(
  db: Db,
  { content: { of } }: WaiverRow,
): Promise<readonly { readonly what: string; readonly who: string }[]> {
  if (of.kind !== "finding") return [];
  const { rows } = await sql<{ what: string; who: string }>`
    select distinct 'who handled it (' || a.kind || ')' as what, a.acted_by as who
    from finding_acts a where a.finding = ${of.finding.slice("F-".length)}
      and a.kind in ('triage', 'start', 'fix', 'note', 'reopen', 'pause', 'raise')
    union all
    select 'whom it is assigned to', f.assignee from findings f
    where f.id = ${of.finding.slice("F-".length)} and f.assignee is not null
  `.execute(db);
  return rows;
}

/** Who registered what a service demands now. */
export async function pipelineAuthors(
  db: Db,
  service: string,
): Promise<readonly { readonly what: string; readonly who: string }[]> {
  const row = await db
    .selectFrom("documents")
    .select("applied_by")
    .where("kind", "=", "Pipeline")
    .where("name", "=", service)
    .orderBy("version", "desc")
    .limit(1)
    .executeTakeFirst();
  return row ? [{ what: "who registered the pipeline", who: row.applied_by }] : [];
}
