import { type Insertable, sql } from "kysely";
import { toolName } from "../../findings/identity/tool-name.ts";
import type { Digest } from "../../model/primitives.ts";
import type { Release } from "../../model/release.ts";
import type { Db, Schema } from "../schema.ts";
import { sealImport } from "./finding-seal.ts";
import type { FindingImportRow } from "../schema-findings.ts";

/** Rows of imports. */

export async function insertImport(
  tx: Db,
  row: Insertable<Schema["finding_imports"]>,
): Promise<void> {
  await tx.insertInto("finding_imports").values(row).execute();
}

/** What it came to, and its entry in the ledger: nothing of it is written after this. */
export async function finishImport(
  tx: Db,
  id: string,
  set: Pick<
    FindingImportRow,
    "observations" | "opened" | "reopened" | "matched" | "unseen" | "claims" | "notes"
  >,
): Promise<FindingImportRow> {
  await tx.updateTable("finding_imports").set(set).where("id", "=", id).execute();
  return sealImport(tx, id);
}

/** The newest one of a scope: what a report is compared with that comes twice. */
export async function newestImport(db: Db, scope: string): Promise<FindingImportRow | undefined> {
  return db
    .selectFrom("finding_imports")
    .selectAll()
    .where("scope", "=", scope)
    .orderBy("number", "desc")
    .limit(1)
    .executeTakeFirst();
}

export async function importOfRun(db: Db, run: string): Promise<FindingImportRow | undefined> {
  return db
    .selectFrom("finding_imports")
    .selectAll()
    .where("check_run", "=", run)
    .executeTakeFirst();
}

export async function listImports(
  db: Db,
  service: string,
  limit: number,
): Promise<readonly FindingImportRow[]> {
  return db
    .selectFrom("finding_imports")
    .selectAll()
    .where("service", "=", service)
    .orderBy("number", "desc")
    .limit(limit)
    .execute();
}

/** Whether there is anything of the service here: a name that nobody knows is a slip of the keyboard. */
export async function knowsService(db: Db, service: string): Promise<boolean> {
  const { rows } = await sql`
    select from releases where service = ${service}
    union all select from documents where kind = 'Pipeline' and name = ${service}
    limit 1
  `.execute(db);
  return rows.length > 0;
}

/** Tools of which reports were taken in, as findings name them. */
export async function toolsOf(db: Db, service: string | undefined): Promise<readonly string[]> {
  let query = db.selectFrom("finding_imports").select("tool").distinct().orderBy("tool");
  if (service !== undefined) query = query.where("service", "=", service);
  return [...new Set((await query.execute()).map(({ tool }) => toolName(tool)))];
}

export interface ScannedRelease {
  readonly id: Digest;
  readonly version: string;
  readonly source: Release["source"];
  /** When it came in, milliseconds. */
  readonly order: number;
}

/** This release, and the newest two hundred of which a scan has a report. */
export async function scannedReleases(
  db: Db,
  scope: string,
  release: Digest,
): Promise<readonly ScannedRelease[]> {
  const { rows } = await sql<ScannedRelease>`
    select r.id, r.version, r.content -> 'source' as source, extract(epoch from r.created_at)::float8 * 1000 as "order"
    from releases r
    where r.id = ${release} or r.id in (select i.release from finding_imports i where i.scope = ${scope})
    order by r.id = ${release} desc, r.created_at desc limit 201
  `.execute(db);
  return rows;
}
