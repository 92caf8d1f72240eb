import { createHash } from "node:crypto";
import { type Insertable, sql } from "kysely";
import { canonicalJson } from "../../model/canonical.ts";
import type { Digest } from "../../model/primitives.ts";
import type { Db, Schema } from "../schema.ts";
import type { FindingChangeRow, FindingImportRow } from "../schema-findings.ts";

/** Rows of imports, and what an import's entry in the ledger says of all that it changed. */

export async function insertImport(
  tx: Db,
  row: Insertable<Schema["finding_imports"]>,
): Promise<void> {
  await tx.insertInto("finding_imports").values(row).execute();
}

export async function finishImport(
  tx: Db,
  id: string,
  set: Pick<
    FindingImportRow,
    | "observations"
    | "opened"
    | "reopened"
    | "matched"
    | "unseen"
    | "claims"
    | "notes"
    | "changes_digest"
  >,
): Promise<FindingImportRow> {
  return tx
    .updateTable("finding_imports")
    .set(set)
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirstOrThrow();
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

/** One change as its digest counts it: canonical JSON (RFC 8785) and a line feed. */
export function changeLine(
  change: Pick<FindingChangeRow, "finding" | "kind" | "from_status" | "to_status" | "detail">,
): string {
  const { finding, kind, from_status: from, to_status: to, detail } = change;
  return `${canonicalJson({ finding: `F-${finding}`, kind, from, to, detail })}\n`;
}

/** SHA-256 over what an import (or an act) changed, line by line in order. */
export async function changesDigest(
  db: Db,
  by: { readonly import: string } | { readonly act: string },
): Promise<Digest> {
  const hash = createHash("sha256");
  const page = 10_000;
  const column = "import" in by ? "import" : "act";
  const value = "import" in by ? by.import : by.act;
  for (let after = "0"; ;) {
    const rows = await db
      .selectFrom("finding_changes")
      .select(["id", "finding", "kind", "from_status", "to_status", "detail"])
      .where(column, "=", value)
      .where("id", ">", after)
      .orderBy("id")
      .limit(page)
      .execute();
    hash.update(rows.map(changeLine).join(""));
    const last = rows.at(-1);
    if (last === undefined || rows.length < page) break;
    after = last.id;
  }
  return `sha256:${hash.digest("hex")}`;
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
