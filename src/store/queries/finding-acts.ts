import { type Insertable, sql } from "kysely";
import type { Page } from "../../model/principal.ts";
import type { FindingStatus } from "../../model/finding.ts";
import type { Digest } from "../../model/primitives.ts";
import type { FindingActRow, FindingRow } from "../schema-findings.ts";
import type { Db, Schema } from "../schema.ts";
import { sealAct } from "./finding-seal.ts";
import { dbNow } from "./promotions.ts";
import { readPage } from "./page.ts";

/** What people say of findings, and what follows. Rows, changes and entry are one transaction, the caller's. */

/** Nobody else changes it before this transaction ends. */
export async function lockFinding(tx: Db, id: string): Promise<FindingRow | undefined> {
  return tx.selectFrom("findings").selectAll().where("id", "=", id).forUpdate().executeTakeFirst();
}

/** The newest release that it was seen in. */
export async function lastReleaseOf(tx: Db, finding: string): Promise<Digest | null> {
  const row = await tx
    .selectFrom("finding_sights")
    .select("last_release")
    .where("finding", "=", finding)
    .executeTakeFirst();
  return row?.last_release ?? null;
}

/** How a standing changes with an act; without `to` the standing stays. */
export interface ActChange {
  readonly finding: string;
  readonly from: FindingStatus;
  readonly to: FindingStatus | null;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Writes an act, what it changes, and its entry. `set`: further columns of the finding. */
export async function insertAct(
  tx: Db,
  act: Insertable<Schema["finding_acts"]>,
  change: ActChange | null,
  {
    set = {},
    also,
  }: {
    readonly set?: Partial<Pick<FindingRow, "assignee" | "paused">>;
    /** What it changes of other findings; before the seal. */
    readonly also?: () => Promise<void>;
  } = {},
): Promise<FindingActRow> {
  await tx.insertInto("finding_acts").values(act).execute();
  if (change) await applyChange(tx, act, change, set);
  await also?.();
  return sealAct(tx, act.id);
}

/**
 * Standings that follow from no person's word (a release without them went live, a term ended): one act of `tidelock`
 * and one entry, however many they are. The caller has changed the findings' rows; null when there was nothing.
 *
 * @param kind one of `settledKinds`
 */
export async function settle(
  tx: Db,
  act: {
    readonly id: string;
    readonly service: string;
    readonly kind: string;
    readonly content: Readonly<Record<string, unknown>>;
  },
  changes: readonly ActChange[],
): Promise<FindingActRow | null> {
  if (changes.length === 0) return null;
  const { id, service, kind, content } = act;
  await tx
    .insertInto("finding_acts")
    .values({ id, service, kind, content: JSON.stringify(content), acted_by: "tidelock" })
    .execute();
  const lines = changes.map(({ finding, from, to, detail }) => ({ finding, from, to, detail }));
  await sql`
    insert into finding_changes (finding, act, kind, from_status, to_status, detail)
    select (one ->> 'finding')::bigint, ${id}, ${kind}, one ->> 'from', one ->> 'to', one -> 'detail'
    from jsonb_array_elements(${JSON.stringify(lines)}::jsonb) with ordinality as line (one, place)
    order by place
  `.execute(tx);
  return sealAct(tx, id);
}

async function applyChange(
  tx: Db,
  act: Pick<Insertable<Schema["finding_acts"]>, "id" | "kind">,
  { finding, from, to, detail }: ActChange,
  set: Partial<Pick<FindingRow, "assignee" | "paused">>,
): Promise<void> {
  const again = to === "open" && from !== "open" && from !== "triaged" && from !== "in-progress";
  await tx
    .updateTable("findings")
    .set({
      ...set,
      ...(set.paused === undefined ? {} : { paused_at: set.paused === null ? null : dbNow }),
      ...(to === null ? {} : { status: to }),
      ...(to === "fixed" ? { fixed_at: dbNow } : {}),
      ...(again
        ? {
            reopened: sql<number>`reopened + 1`,
            verified_release: null,
            verified_at: null,
            fixed_at: null,
            closed_at: null,
          }
        : {}),
      changes: sql<number>`changes + 1`,
    })
    .where("id", "=", finding)
    .execute();
  await tx
    .insertInto("finding_changes")
    .values({
      finding,
      act: act.id,
      kind: act.kind,
      from_status: to === null ? null : from,
      to_status: to,
      detail: JSON.stringify(detail),
    })
    .execute();
}

export async function readAct(db: Db, id: string): Promise<FindingActRow | undefined> {
  return db.selectFrom("finding_acts").selectAll().where("id", "=", id).executeTakeFirst();
}

/** Who has signed it, in order. */
export async function consentsTo(db: Db, proposal: string): Promise<readonly FindingActRow[]> {
  return db
    .selectFrom("finding_acts")
    .selectAll()
    .where("confirms", "=", proposal)
    .orderBy("at")
    .orderBy("id")
    .execute();
}

/** Every name under which a finding is known again, sorted. */
export async function fingerprintsOf(
  db: Db,
  finding: string,
): Promise<readonly [string, string][]> {
  const { rows } = await sql<{ algorithm: string; value: string }>`
    select algorithm, value from finding_fingerprints where finding = ${finding}
    order by algorithm collate "C", value collate "C"
  `.execute(db);
  return rows.map(({ algorithm, value }) => [algorithm, value]);
}

/** Of several, each as `fingerprintsOf` has it. */
export async function fingerprintsOfMany(
  db: Db,
  findings: readonly string[],
): Promise<ReadonlyMap<string, readonly [string, string][]>> {
  const { rows } = await sql<{ finding: string; algorithm: string; value: string }>`
    select finding, algorithm, value from finding_fingerprints
    where finding = any (${[...findings]}::bigint[])
    order by finding, algorithm collate "C", value collate "C"
  `.execute(db);
  const found = new Map<string, [string, string][]>();
  for (const { finding, algorithm, value } of rows) {
    const own = found.get(finding) ?? [];
    own.push([algorithm, value]);
    found.set(finding, own);
  }
  return found;
}

/** Whether Tidelock's own run, or a report that a trusted producer signed, has seen it. */
export async function seenByTrusted(db: Db, finding: string): Promise<boolean> {
  const { rows } = await sql`
    select from observations o join finding_imports i on i.id = o.import
    where o.finding = ${finding} and i.trust in ('own', 'signed') limit 1
  `.execute(db);
  return rows.length > 0;
}

const list = {
  table: "finding_acts",
  id: "id",
  order: ["at", "id"],
  service: "service",
  environment: null,
} as const;

/** What waits for signatures, or everything that was ever proposed; newest first. */
export async function listProposals(
  db: Db,
  filter: {
    readonly service?: string | undefined;
    readonly finding?: string;
    readonly waiting: boolean;
  } & Page,
): Promise<readonly FindingActRow[]> {
  let query = db
    .selectFrom("finding_acts")
    .selectAll()
    .where("kind", "in", ["propose-false-positive", "propose-lower", "propose-retire-scan"]);
  if (filter.service !== undefined) query = query.where("service", "=", filter.service);
  if (filter.finding !== undefined) query = query.where("finding", "=", filter.finding);
  if (filter.waiting) {
    query = query
      .where(sql<boolean>`(content -> 'proposed' -> 'act' ->> 'until')::timestamptz > ${dbNow}`)
      .where(
        sql<boolean>`(select count(*) from finding_acts c where c.confirms = finding_acts.id) < 2`,
      );
  }
  return readPage(db, query, list, filter);
}
